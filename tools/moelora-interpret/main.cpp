// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-interpret: runs the layers of a file with the reference on signed
// random inputs, and prints what they answer; or compares them with the layers
// of the same name in another file, on the same inputs.

#include "../CommandLine.h"
#include "../Version.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "moelora/dialect/Ops.h"
#include "moelora/interpreter/RandomInputs.h"
#include "moelora/reference/Bound.h"
#include "moelora/reference/Compare.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace moelora;
using namespace moelora::interpreter;
using namespace moelora::tools;

namespace {

struct Options {
  std::string input, other;
  Mode mode = Mode::Exact;
  uint64_t seed = 1;
  unsigned tokens = 5;
  unsigned exactData = 0; // 0: any numbers
  std::vector<unsigned> ranks;
};

} // namespace

static Options options;

// Two programs that mean the same may add in another order: f64 sums then
// differ by a few units of 2^-53.
static constexpr double exactUnit = 1e-12;

static double unitOf(LayerOp layer) {
  Type element =
      cast<RankedTensorType>(layer.getResultTypes().front()).getElementType();
  if (options.exactData)
    return 0;
  if (options.mode == Mode::Exact)
    return exactUnit;
  return reference::unitOf(element.isBF16()  ? MOELORA_BF16
                           : element.isF16() ? MOELORA_F16
                                             : MOELORA_F32);
}

/// Numbers that an argument has, as a double: a product of sizes may overflow.
static double countOf(Type type) {
  if (auto table = dyn_cast<SlotTableType>(type))
    return double(table.getSlots()) * table.getExperts() * table.getSlices() *
           table.getMaxRank() * (table.getIn() + table.getOut());
  double count = 1;
  for (int64_t size : cast<RankedTensorType>(type).getShape())
    count *=
        ShapedType::isDynamic(size) ? double(options.tokens) : double(size);
  return count;
}

/// Every number takes 8 bytes here; the accumulators of a layer are some more.
static LogicalResult checkSize(LayerOp layer) {
  constexpr double most = 1 << 28;
  for (Type type : layer.getArgumentTypes())
    if (countOf(type) > most)
      return layer.emitError() << "expects at most " << int64_t(most)
                               << " numbers in an argument, but one is " << type
                               << " with " << options.tokens << " tokens";
  return success();
}

static FailureOr<Tensor> run(LayerOp layer) {
  if (failed(checkSize(layer)))
    return failure();
  RandomOptions random;
  random.seed = options.seed;
  random.tokens = options.tokens;
  random.exact = options.exactData;
  if (!options.ranks.empty())
    random.ranks.assign(options.ranks.begin(), options.ranks.end());
  return interpret(layer, randomInputs(layer, random), options.mode);
}

static void print(LayerOp layer, const Tensor &output) {
  llvm::outs() << '@' << layer.getSymName() << ": " << output.rows() << " x "
               << output.rowSize() << '\n';
  for (int64_t t = 0; t < output.rows(); ++t) {
    for (double value : output.row(t))
      llvm::outs() << llvm::format(" %.9g", value);
    llvm::outs() << '\n';
  }
}

/// Answers whether the two agree; no value where one does not run.
static FailureOr<bool> compare(LayerOp layer, ModuleOp others) {
  auto other = others.lookupSymbol<LayerOp>(layer.getSymName());
  if (!other || other.getFunctionType() != layer.getFunctionType())
    return layer.emitError()
           << "expects a layer of this name and type, "
           << layer.getFunctionType() << ", in " << options.other;
  FailureOr<Tensor> a = run(layer), b = run(other);
  if (failed(a) || failed(b))
    return failure();
  reference::Verdict verdict =
      reference::compareRows(b->view(), a->view(), unitOf(layer));
  llvm::outs() << '@' << layer.getSymName() << ": worst error / bound "
               << llvm::format("%.3g", verdict.worst) << '\n';
  return verdict.right();
}

static int interpretAll(ModuleOp module) {
  for (auto layer : module.getOps<LayerOp>()) {
    FailureOr<Tensor> output = run(layer);
    if (failed(output))
      return 1;
    print(layer, *output);
  }
  return 0;
}

static int compareAll(ModuleOp module, ModuleOp others) {
  bool agree = true;
  for (auto layer : module.getOps<LayerOp>()) {
    FailureOr<bool> same = compare(layer, others);
    if (failed(same))
      return 1;
    agree &= *same;
  }
  return agree ? 0 : 3;
}

static bool parseOptions(int argc, char **argv) {
  CommandLine line("moelora-interpret",
                   "Runs the layers of a file with the reference on signed "
                   "random inputs.\nExit status: 1 an error, 2 a wrong command "
                   "line, 3 the programs differ.",
                   builtWith);
  addText(line.app, "FILE", options.input, " ", "layers as MLIR");
  addText(line.app, "--compare", options.other, "FILE",
          "a program to compare with, layer by layer");
  addChoice<Mode>(line.app, "--mode", options.mode,
                  {{"exact", Mode::Exact}, {"rounded", Mode::Rounded}},
                  "where numbers are rounded: nowhere (default),\nor where the "
                  "IR says");
  addNumber<uint64_t>(line.app, "--seed", options.seed, 0, UINT64_MAX,
                      "of the inputs (1)");
  addNumber<unsigned>(line.app, "--exact-data", options.exactData, 0, INT32_MAX,
                      "whole numbers, up to this one in hidden states,\non "
                      "which no sum rounds while it is below 2^24;\nwhat is "
                      "compared must agree in every bit");
  addNumber<unsigned>(line.app, "--tokens", options.tokens, 0, INT32_MAX,
                      "rows of hidden states (5)");
  addOption(line.app, "--ranks", "N,...", "ranks of the adapters' pairs",
            [](const std::string &text) {
              options.ranks =
                  parseNumbers<unsigned>("--ranks", text, 0, INT32_MAX);
            });
  if (!line.parse(argc, argv))
    return false;
  if (options.input.empty())
    throw UsageError("expects a file with layers");
  return true;
}

static int interpretFiles() {
  DialectRegistry registry;
  registry.insert<MoELoRADialect>();
  MLIRContext context(registry);
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, &context);
  OwningOpRef<ModuleOp> module =
      parseSourceFile<ModuleOp>(options.input, sources, &context);
  if (!module)
    return 1;
  if (options.other.empty())
    return interpretAll(*module);
  llvm::SourceMgr otherSources;
  OwningOpRef<ModuleOp> others =
      parseSourceFile<ModuleOp>(options.other, otherSources, &context);
  return others ? compareAll(*module, *others) : 1;
}

/// LLVM's stream would end the program on its own when it cannot be written.
static void flushOutput() {
  llvm::outs().flush();
  std::error_code error = llvm::outs().error();
  llvm::outs().clear_error();
  if (error)
    throw std::runtime_error("cannot write standard output: " +
                             error.message());
}

int main(int argc, char **argv) {
  return runMain("moelora-interpret", [&] {
    if (!parseOptions(argc, argv))
      return 0;
    int status = interpretFiles();
    flushOutput();
    return status;
  });
}
