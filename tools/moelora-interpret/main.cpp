// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-interpret: evaluates the layers of a file with the reference on
// signed random inputs, and prints their outputs, or compares them with those
// of the layers of the same name in another file.

#include "../Version.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "moelora/commandline/CommandLine.h"
#include "moelora/commandline/Progress.h"
#include "moelora/dialect/Cut.h"
#include "moelora/dialect/Ops.h"
#include "moelora/interpreter/Group.h"
#include "moelora/interpreter/RandomInputs.h"
#include "moelora/reference/Bound.h"
#include "moelora/reference/Compare.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace moelora;
using namespace moelora::interpreter;
using namespace moelora::commandline;

namespace {

struct Options {
  std::string input, other;
  Mode mode = Mode::Exact;
  RandomOptions inputs;
};

// Two layers with the same meaning may add in different orders, so that f64
// sums differ by a few units of 2^-53.
constexpr double exactUnit = 1e-12;

double unitOf(LayerOp layer, const Options &options) {
  Type element =
      cast<RankedTensorType>(layer.getArgument(Role::Hidden).getType())
          .getElementType();
  if (options.inputs.exact)
    return 0;
  if (options.mode == Mode::Exact)
    return exactUnit;
  return reference::unitOf(element.isBF16()  ? MOELORA_BF16
                           : element.isF16() ? MOELORA_F16
                                             : MOELORA_F32);
}

void print(LayerOp layer, const Tensor &output) {
  llvm::outs() << '@' << layer.getSymName() << ": " << output.rows() << " x "
               << output.rowSize() << '\n';
  for (int64_t t = 0; t < output.rows(); ++t) {
    for (double value : output.row(t))
      llvm::outs() << llvm::format(" %.9g", value);
    llvm::outs() << '\n';
  }
}

/// Layers of one file, or of two, on the same inputs.
class Interpretation {
public:
  /// `others` may be null.
  Interpretation(const Options &options, ModuleOp module, ModuleOp others)
      : options(options), module(module), others(others),
        progress(printProgress()),
        count(progress, opsOf(module) * (others ? 2 : 1), "ops evaluated") {}

  /// The exit status.
  int run() {
    bool agree = true;
    for (auto layer : module.getOps<LayerOp>()) {
      FailureOr<bool> same = others ? compare(layer) : interpretOne(layer);
      if (failed(same))
        return 1;
      agree &= *same;
    }
    return agree ? 0 : 3;
  }

private:
  static size_t opsOf(ModuleOp module) {
    size_t ops = 0;
    for (auto layer : module.getOps<LayerOp>())
      ops += interpreter::opsOf(layer);
    return ops;
  }

  FailureOr<Tensor> run(LayerOp layer) {
    if (failed(checkSize(layer, options.inputs)))
      return failure();
    return interpret(layer, randomInputs(layer, options.inputs), options.mode,
                     [this] { count.advance(); });
  }

  FailureOr<bool> interpretOne(LayerOp layer) {
    FailureOr<Tensor> output = run(layer);
    if (failed(output))
      return failure();
    print(layer, *output);
    return true;
  }

  /// Whether both have the same result, and the same types in the roles that
  /// they share. The inputs are the same in any order of pages, and an argument
  /// that only one layer has is not read by the other.
  static bool areComparable(LayerOp a, LayerOp b) {
    auto typeOf = [](BlockArgument argument) {
      return inRowOrder(argument.getType());
    };
    return a.getResultTypes() == b.getResultTypes() &&
           llvm::all_of(a.getBody().getArguments(),
                        [&](BlockArgument argument) {
                          BlockArgument other =
                              b.getArgument(a.getRole(argument.getArgNumber()));
                          return !other || typeOf(argument) == typeOf(other);
                        });
  }

  static Type inRowOrder(Type type) {
    auto table = dyn_cast_or_null<SlotTableType>(type);
    return table ? table.withPageOrder(PageOrder::RowMajor) : type;
  }

  /// Whether a layer with a grid has the part of one rank of each argument,
  /// and maybe a map of its experts.
  static bool isPartOf(LayerOp part, LayerOp whole) {
    GridAttr grid = *part.getGrid();
    Cut cut = Cut::ofGrid(grid.getEp(), grid.getTp(), localExpertsOf(part));
    auto isPart = [&](unsigned index) {
      Role role = whole.getRole(index);
      std::string why;
      Type type = partOf(role, whole.getArgumentTypes()[index], cut, why);
      return part.getRole(index) == role &&
             inRowOrder(part.getArgumentTypes()[index]) == inRowOrder(type);
    };
    unsigned map = part.getExpertMap() ? 1 : 0;
    return part.getNumArguments() == whole.getNumArguments() + map &&
           part.getResultTypes() == whole.getResultTypes() &&
           llvm::all_of(llvm::seq(whole.getNumArguments()), isPart);
  }

  /// 0 if the layer does not have a map.
  static int64_t localExpertsOf(LayerOp layer) {
    BlockArgument weight = layer.getArgument(Role::DownWeight);
    if (!layer.getExpertMap() || !weight)
      return 0;
    return cast<RankedTensorType>(weight.getType()).getDimSize(0);
  }

  /// The outputs of all ranks, on the inputs of the whole layer.
  FailureOr<std::vector<Tensor>> runGroup(LayerOp layer, LayerOp whole) {
    if (failed(checkSize(whole, options.inputs)))
      return failure();
    Inputs inputs = randomInputs(whole, options.inputs);
    std::vector<Inputs> ranks;
    for (int64_t rank = 0; rank < layer.getGrid()->getRanks(); ++rank)
      ranks.push_back(inputsOfRank(layer, inputs, rank));
    return interpretGroup(layer, ranks, options.mode,
                          [this] { count.advance(); });
  }

  FailureOr<std::vector<Tensor>> runLike(LayerOp layer, LayerOp other) {
    if (layer.getGrid())
      return runGroup(layer, other);
    std::vector<Tensor> outputs;
    FailureOr<Tensor> output = run(layer);
    if (failed(output))
      return failure();
    outputs.push_back(std::move(*output));
    return outputs;
  }

  /// Returns whether the two agree, on every rank of the first one, or no value
  /// if one cannot be evaluated.
  FailureOr<bool> compare(LayerOp layer) {
    auto other = others.lookupSymbol<LayerOp>(layer.getSymName());
    if (!other || !(layer.getGrid() ? isPartOf(layer, other)
                                    : areComparable(layer, other)))
      return layer.emitError()
             << "expects a layer of this name and type, "
             << layer.getFunctionType() << ", in " << options.other;
    FailureOr<std::vector<Tensor>> a = runLike(layer, other);
    FailureOr<Tensor> b = run(other);
    if (failed(a) || failed(b))
      return failure();
    bool right = true;
    for (auto [rank, output] : llvm::enumerate(*a)) {
      Tensor wanted = layer.getGrid() ? rowsOfRank(layer, *b, int64_t(rank))
                                      : std::move(*b);
      reference::Verdict verdict = reference::compareRows(
          wanted.view(), output.view(), unitOf(layer, options));
      llvm::outs() << '@' << layer.getSymName();
      if (a->size() > 1)
        llvm::outs() << " rank " << rank;
      llvm::outs() << ": worst error / bound "
                   << llvm::format("%.3g", verdict.worst) << '\n';
      right &= verdict.right();
    }
    return right;
  }

  const Options &options;
  ModuleOp module, others;
  host::Progress progress;
  host::ProgressCount count;
};

} // namespace

static bool parseOptions(int argc, char **argv, Options &options) {
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
  addNumber<uint64_t>(line.app, "--seed", options.inputs.seed, 0, UINT64_MAX,
                      "of the inputs (1)");
  int64_t exactHidden = 0;
  addNumber<int64_t>(line.app, "--exact-data", exactHidden, 0, INT32_MAX,
                     "whole numbers, up to this one in hidden states,\non "
                     "which no sum rounds while it is below 2^24;\nwhat is "
                     "compared must agree in every bit");
  addNumber<int64_t>(line.app, "--tokens", options.inputs.tokens, 0, INT32_MAX,
                     "rows of hidden states (5)");
  addOption(line.app, "--ranks", "N,...", "ranks of the adapters' pairs",
            [&](const std::string &text) {
              options.inputs.ranks =
                  parseNumbers<int64_t>("--ranks", text, 0, INT32_MAX);
            });
  if (!line.parse(argc, argv))
    return false;
  if (exactHidden) {
    options.inputs.exact.emplace();
    options.inputs.exact->hidden = exactHidden;
  }
  if (options.input.empty())
    throw UsageError("expects a file with layers");
  return true;
}

static int interpretFiles(const Options &options) {
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
    return Interpretation(options, *module, {}).run();
  llvm::SourceMgr otherSources;
  OwningOpRef<ModuleOp> others =
      parseSourceFile<ModuleOp>(options.other, otherSources, &context);
  return others ? Interpretation(options, *module, *others).run() : 1;
}

/// LLVM's stream would abort the program if it cannot be written.
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
    Options options;
    if (!parseOptions(argc, argv, options))
      return 0;
    int status = interpretFiles(options);
    flushOutput();
    return status;
  });
}
