// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-check-ranks FILE --whole=FILE compiles each layer of a file, which is
// cut over a grid, for every tier of this machine, and runs all of its ranks as
// threads that communicate by the loopback. The inputs are those of the whole
// layer of another file. The output of each rank is compared with what the
// interpreter computes for it; ranks with the same tokens must have the same
// bits, from every entry point, on one worker and on two. Status 3: a layer
// fails.

#include "RankRuns.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "moelora/codegen/Target.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace moelora;
using namespace moelora::codetest;
namespace cl = llvm::cl;

static cl::opt<std::string> partFile(cl::Positional, cl::Required,
                                     cl::desc("part.mlir"));
static cl::opt<std::string> wholeFile("whole", cl::Required,
                                      cl::desc("the layers that were cut"));
static cl::opt<uint64_t> seed("seed", cl::init(1), cl::desc("of the inputs"));
static cl::opt<int64_t> tokenCount("tokens", cl::init(33),
                                   cl::desc("rows of hidden states"));

/// Prints a line for the layer.
static bool check(LayerOp layer, LayerOp whole, const char *tier) {
  interpreter::RandomOptions options;
  options.seed = seed;
  options.tokens = tokenCount;
  RankVerdict verdict =
      checkRanks(layer, whole, tier, options, /*products=*/256);
  llvm::outs() << '@' << layer.getSymName() << ' ' << tier << ": "
               << layer.getGrid()->getRanks() << " ranks, " << verdict.runs
               << " runs, worst error / bound "
               << llvm::format("%.3g", verdict.worst) << ' ' << verdict.why
               << '\n';
  return verdict.why.empty();
}

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv, "compiled ranks, interpreted\n");
  DialectRegistry registry;
  registry.insert<MoELoRADialect>();
  MLIRContext context(registry);
  llvm::SourceMgr partSources, wholeSources;
  SourceMgrDiagnosticHandler handler(partSources, &context);
  OwningOpRef<ModuleOp> part =
      parseSourceFile<ModuleOp>(partFile, partSources, &context);
  OwningOpRef<ModuleOp> whole =
      parseSourceFile<ModuleOp>(wholeFile, wholeSources, &context);
  std::string why;
  std::optional<CpuTarget> best = resolveCpu("native", why);
  if (!part || !whole || !best)
    return 1;
  const char *tiers[] = {"avx2", "avx512f", "avx512bf16"};
  bool good = true;
  for (auto layer : part->getOps<LayerOp>()) {
    auto other = whole->lookupSymbol<LayerOp>(layer.getSymName());
    if (!other || !layer.getGrid()) {
      llvm::errs() << "expects @" << layer.getSymName()
                   << " to be a part of a layer of the other file\n";
      return 1;
    }
    for (int tier = 0; tier <= int(best->tier); ++tier)
      good &= check(layer, other, tiers[tier]);
  }
  return good ? 0 : 3;
}
