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
#include "moelora/interpreter/Group.h"
#include "moelora/interpreter/RandomInputs.h"
#include "moelora/reference/Compare.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/SourceMgr.h"

#include <map>

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

namespace {

/// The worst row of an output, and why it is wrong.
reference::Verdict compare(const std::vector<char> &output,
                           const interpreter::Tensor &wanted,
                           moelora_dtype type) {
  reference::MatrixView found = wanted.view();
  found.type = type;
  found.data = output.data();
  constexpr int64_t products = 256; // of the longest sum of a test
  return reference::compareRows(found, wanted.view(),
                                reference::reorderedUnit(type, products));
}

bool check(LayerOp layer, LayerOp whole, const char *tier) {
  interpreter::RandomOptions options;
  options.seed = seed;
  options.tokens = tokenCount;
  interpreter::Inputs inputs = interpreter::randomInputs(whole, options);
  std::vector<interpreter::Inputs> parts;
  GridAttr grid = *layer.getGrid();
  int64_t ranks = grid.getRanks();
  std::vector<int64_t> tokens;
  for (int64_t rank = 0; rank < ranks; ++rank) {
    parts.push_back(interpreter::inputsOfRank(layer, inputs, rank));
    tokens.push_back(tokensOf(layer, parts.back()));
  }
  auto wanted =
      interpreter::interpretGroup(layer, parts, interpreter::Mode::Rounded);
  std::string why;
  CompiledLayer code(layer, tier, why);
  std::vector<const moelora_transport *> transports(size_t(ranks), nullptr);
  if (failed(wanted) || !why.empty() ||
      moelora_loopback_open(int32_t(ranks), transports.data(), nullptr)) {
    llvm::errs() << why << '\n';
    return false;
  }
  std::deque<RankRun> runs;
  for (size_t rank = 0; rank < size_t(ranks); ++rank)
    runs.emplace_back(layer, parts[rank], code, transports[rank]);
  runAll(grid, runs, tokens);
  for (const moelora_transport *transport : transports)
    moelora_transport_close(transport);
  auto type = moelora_dtype(code.row(MOELORA_OUTPUT)->dtype);
  double worst = 0;
  std::map<int64_t, size_t> first; // rank with a part of the tokens
  for (auto [rank, run] : llvm::enumerate(runs)) {
    why += run.why;
    size_t other =
        first.try_emplace(partOf(grid, int64_t(rank)), rank).first->second;
    for (const std::vector<char> &output : run.outputs) {
      if (output != runs[other].outputs[0])
        why += "rank " + std::to_string(rank) + " answers other bits; ";
      reference::Verdict verdict = compare(output, (*wanted)[rank], type);
      worst = std::max(worst, verdict.worst);
      why += verdict.failure();
    }
  }
  llvm::outs() << '@' << layer.getSymName() << ' ' << tier << ": " << ranks
               << " ranks, " << runs[0].outputs.size()
               << " runs, worst error / bound " << llvm::format("%.3g", worst)
               << ' ' << why << '\n';
  return why.empty() && !runs[0].outputs.empty();
}

} // namespace

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
