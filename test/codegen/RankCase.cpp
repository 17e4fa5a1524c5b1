// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "RankCase.h"
#include "RankRuns.h"
#include "ReferenceGroup.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "moelora/codegen/Target.h"
#include "moelora/interpreter/Group.h"
#include "moelora/reference/Compare.h"

using namespace mlir;

namespace moelora::codetest {
namespace {

/// What the interpreter computes for all ranks.
FailureOr<std::vector<interpreter::Tensor>>
interpretRanks(LayerOp part, const interpreter::Inputs &whole,
               interpreter::Mode mode) {
  std::vector<interpreter::Inputs> parts;
  for (int64_t rank = 0; rank < part.getGrid()->getRanks(); ++rank)
    parts.push_back(interpreter::inputsOfRank(part, whole, rank));
  return interpreter::interpretGroup(part, parts, mode);
}

/// Compares the output of each rank with its rows of the wanted ones.
std::string compareRanks(LayerOp part,
                         const std::vector<interpreter::Tensor> &found,
                         const interpreter::Tensor &wanted, double unit) {
  for (auto [rank, output] : llvm::enumerate(found)) {
    interpreter::Tensor own =
        interpreter::rowsOfRank(part, wanted, int64_t(rank));
    reference::Verdict verdict =
        reference::compareRows(output.view(), own.view(), unit);
    if (!verdict.right())
      return "rank " + std::to_string(rank) + ": " + verdict.failure() + "; ";
  }
  return "";
}

/// Whether ranks compute what the whole layer does, without rounding.
std::string compareWhole(LayerOp part, LayerOp whole, const RankCase &c) {
  interpreter::Inputs inputs = interpreter::randomInputs(whole, c.inputs);
  constexpr auto exact = interpreter::Mode::Exact;
  auto wanted = interpreter::interpret(whole, inputs, exact);
  auto found = interpretRanks(part, inputs, exact);
  if (failed(wanted) || failed(found))
    return "the interpreter does not run it; ";
  constexpr double unit = 1e-12; // of sums in another order
  return compareRanks(part, *found, *wanted, unit);
}

/// Whether the reference of a group computes what the interpreter does.
std::string compareReference(LayerOp part, LayerOp whole, const RankCase &c) {
  interpreter::Inputs inputs = interpreter::randomInputs(whole, c.inputs);
  auto found = interpretRanks(part, inputs, interpreter::Mode::Rounded);
  if (failed(found))
    return "the interpreter does not run it; ";
  auto entry = c.options.given == Given::Nothing  ? reference::Entry::Everything
               : c.options.given == Given::Logits ? reference::Entry::FromLogits
                                                  : reference::Entry::FromIds;
  double unit = c.inputs.exact
                    ? 0
                    : reference::reorderedUnit(moelora_dtype(c.layer.dtype), 1);
  std::string why =
      compareRanks(part, *found,
                   referenceOfRanks(part, whole, c.layer, entry, inputs), unit);
  return why.empty() ? "" : "the reference on " + why;
}

} // namespace

std::string check(MLIRContext &context, const RankCase &c) {
  Location location = UnknownLoc::get(&context);
  OwningOpRef<ModuleOp> whole = ModuleOp::create(location);
  OpBuilder builder = OpBuilder::atBlockBegin(whole->getBody());
  FailureOr<LayerOp> layer = buildLayer(builder, location, c.layer, c.options);
  OwningOpRef<ModuleOp> parts = whole->clone();
  PassManager passes(&context);
  if (failed(layer) ||
      failed(parsePassPipeline("moelora.layer(moelora-shard{" + c.grid + "})",
                               passes)) ||
      failed(passes.run(*parts)))
    return "it is not cut; ";
  LayerOp part = *parts->getOps<LayerOp>().begin();
  std::string why =
      compareWhole(part, *layer, c) + compareReference(part, *layer, c);
  const char *tiers[] = {"avx2", "avx512f", "avx512bf16"};
  std::optional<CpuTarget> best = resolveCpu("native", why);
  // Rows of a few columns may cancel to almost nothing.
  int64_t products = c.inputs.exact ? 0 : 4096;
  std::string tier = tiers[c.inputs.seed % (int(best->tier) + 1)];
  return why + checkRanks(part, *layer, tier, c.inputs, products).why;
}

void makeExact(RankCase &c, const reference::RandomBits &bits) {
  c.layer = reference::exactLayer(c.layer);
  c.options.given = Given::Choice;
  c.inputs.exact = reference::exactSizes(c.layer, bits);
}

void fitTo(moelora_layer &layer, int64_t tp) {
  auto multiple = [&](auto size) {
    return decltype(size)((size + tp - 1) / tp * tp);
  };
  layer.intermediate = multiple(layer.intermediate);
  layer.shared = multiple(layer.shared);
}

} // namespace moelora::codetest
