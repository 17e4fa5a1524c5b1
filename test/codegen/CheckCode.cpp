// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-check-code FILE compiles each layer of a file for every tier of this
// machine, and compares its output with the interpreter's, from every entry
// point, and its bits on one worker, on three, for the first token alone, and
// with only the first tokens valid. It does the same with hostile ids. Invalid
// given ids must be counted. Impossible numbers and images must not cause
// invalid accesses. Operands have the sizes of their types, which the artifact
// also states, and no memory is mapped after them. Status 3: a layer fails.

#include "Check.h"
#include "HostileIds.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "moelora/codegen/Target.h"
#include "moelora/interpreter/RandomInputs.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace moelora;
using namespace moelora::codetest;
namespace cl = llvm::cl;

static cl::opt<std::string> inputFile(cl::Positional, cl::Required,
                                      cl::desc("layer.mlir"));
static cl::opt<uint64_t> seed("seed", cl::init(1), cl::desc("of the inputs"));
static cl::opt<unsigned> tokens("tokens", cl::init(33),
                                cl::desc("rows of hidden states"));
static cl::opt<double> error("error", cl::init(0),
                             cl::desc("for tests of this program: is added to "
                                      "each row, in units of its largest "
                                      "number"));

namespace {

/// Whether the layer does as it must at every tier.
bool check(LayerOp layer, const interpreter::Inputs &inputs, const char *what,
           moelora_pool *pool) {
  FailureOr<interpreter::Tensor> wanted =
      interpreter::interpret(layer, inputs, interpreter::Mode::Rounded);
  std::string why;
  std::optional<CpuTarget> best = resolveCpu("native", why);
  if (failed(wanted) || !best) {
    llvm::errs() << why << '\n';
    return false;
  }
  bool good = true;
  const char *tiers[] = {"avx2", "avx512f", "avx512bf16"};
  for (int tier = 0; tier <= int(best->tier); ++tier) {
    Check check(layer, inputs, tiers[tier], {int64_t(tokens), pool, error});
    check.run(*wanted);
    llvm::outs() << '@' << layer.getSymName() << what << ' ' << tiers[tier]
                 << ": " << check.entries
                 << " entry points, worst error / bound "
                 << llvm::format("%.3g", check.verdict.worst) << ' '
                 << check.why << '\n';
    good &= check.why.empty();
  }
  return good;
}

bool check(LayerOp layer, moelora_pool *pool) {
  interpreter::RandomOptions options;
  options.seed = seed;
  options.tokens = tokens;
  interpreter::Inputs inputs = interpreter::randomInputs(layer, options);
  bool good = check(layer, inputs, "", pool);
  if (makeHostile(layer, inputs, seed))
    good &= check(layer, inputs, ", hostile ids,", pool);
  return good;
}

} // namespace

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv, "compiled layers, interpreted\n");
  DialectRegistry registry;
  registry.insert<MoELoRADialect>();
  MLIRContext context(registry);
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, &context);
  OwningOpRef<ModuleOp> module =
      parseSourceFile<ModuleOp>(inputFile, sources, &context);
  moelora_pool *pool = nullptr;
  if (!module || moelora_pool_create(3, &pool, nullptr) != MOELORA_OK)
    return 1;
  bool good = true;
  for (auto layer : module->getOps<LayerOp>())
    good &= check(layer, pool);
  moelora_pool_destroy(pool);
  return good ? 0 : 3;
}
