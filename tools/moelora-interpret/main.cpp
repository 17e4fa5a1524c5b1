// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-interpret: runs the layers of a file with the reference on signed
// random inputs, and prints what they answer; or compares them with the layers
// of the same name in another file, on the same inputs.

#include "../Version.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "moelora/dialect/Ops.h"
#include "moelora/interpreter/RandomInputs.h"
#include "moelora/reference/Bound.h"
#include "moelora/reference/Compare.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace moelora;
using namespace moelora::interpreter;
namespace cl = llvm::cl;

static cl::opt<std::string> inputFile(cl::Positional, cl::Required,
                                      cl::desc("layer.mlir"));
static cl::opt<std::string> otherFile("compare", cl::value_desc("file"),
                                      cl::desc("a program to compare with"));
static cl::opt<Mode>
    mode("mode", cl::desc("where numbers are rounded"), cl::init(Mode::Exact),
         cl::values(clEnumValN(Mode::Exact, "exact", "nowhere"),
                    clEnumValN(Mode::Rounded, "rounded", "where the IR says")));
static cl::opt<uint64_t> seed("seed", cl::init(1), cl::desc("of the inputs"));
static cl::opt<unsigned> exactData(
    "exact-data", cl::init(0), cl::value_desc("N"),
    cl::desc("whole numbers, up to N in hidden states, on which no sum rounds "
             "while it is below 2^24; what is compared must agree in every "
             "bit"));
static cl::opt<unsigned> tokens("tokens", cl::init(5),
                                cl::desc("rows of hidden states"));
static cl::list<unsigned> ranks("ranks", cl::CommaSeparated,
                                cl::desc("ranks of the adapters' pairs"));

// Two programs that mean the same may add in another order: f64 sums then
// differ by a few units of 2^-53.
static constexpr double exactUnit = 1e-12;

static double unitOf(LayerOp layer) {
  Type element =
      cast<RankedTensorType>(layer.getResultTypes().front()).getElementType();
  if (exactData)
    return 0;
  if (mode == Mode::Exact)
    return exactUnit;
  return reference::unitOf(element.isBF16()  ? MOELORA_BF16
                           : element.isF16() ? MOELORA_F16
                                             : MOELORA_F32);
}

/// Bounds are `unit` times the largest number of a token's row.
static reference::Verdict compareRows(const Tensor &a, const Tensor &b,
                                      double unit) {
  reference::Verdict verdict(a.rows());
  for (int64_t t = 0; t < a.rows(); ++t)
    verdict.compareRow(t, b.row(t), a.row(t),
                       reference::boundsOfRow(a.row(t), unit));
  return verdict;
}

/// Numbers that an argument has, as a double: a product of sizes may overflow.
static double countOf(Type type) {
  if (auto table = dyn_cast<SlotTableType>(type))
    return double(table.getSlots()) * table.getExperts() * table.getSlices() *
           table.getMaxRank() * (table.getIn() + table.getOut());
  double count = 1;
  for (int64_t size : cast<RankedTensorType>(type).getShape())
    count *= ShapedType::isDynamic(size) ? double(tokens) : double(size);
  return count;
}

/// Every number takes 8 bytes here; the accumulators of a layer are some more.
static LogicalResult checkSize(LayerOp layer) {
  constexpr double most = 1 << 28;
  for (Type type : layer.getArgumentTypes())
    if (countOf(type) > most)
      return layer.emitError() << "expects at most " << int64_t(most)
                               << " numbers in an argument, but one is " << type
                               << " with " << tokens.getValue() << " tokens";
  return success();
}

static FailureOr<Tensor> run(LayerOp layer) {
  if (failed(checkSize(layer)))
    return failure();
  RandomOptions options;
  options.seed = seed;
  options.tokens = tokens;
  options.exact = exactData;
  if (!ranks.empty())
    options.ranks.assign(ranks.begin(), ranks.end());
  return interpret(layer, randomInputs(layer, options), mode);
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
    return layer.emitError() << "expects a layer of this name and type, "
                             << layer.getFunctionType() << ", in " << otherFile;
  FailureOr<Tensor> a = run(layer), b = run(other);
  if (failed(a) || failed(b))
    return failure();
  reference::Verdict verdict = compareRows(*a, *b, unitOf(layer));
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

int main(int argc, char **argv) {
  cl::SetVersionPrinter(printVersion);
  cl::ParseCommandLineOptions(
      argc, argv,
      "runs moelora layers with the reference\n"
      "exit status: 1 an error, 3 the programs differ\n");
  DialectRegistry registry;
  registry.insert<MoELoRADialect>();
  MLIRContext context(registry);
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, &context);
  OwningOpRef<ModuleOp> module =
      parseSourceFile<ModuleOp>(inputFile, sources, &context);
  if (!module)
    return 1;
  if (otherFile.empty())
    return interpretAll(*module);
  llvm::SourceMgr otherSources;
  OwningOpRef<ModuleOp> others =
      parseSourceFile<ModuleOp>(otherFile, otherSources, &context);
  return others ? compareAll(*module, *others) : 1;
}
