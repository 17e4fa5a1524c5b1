// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recognises a linear projection at the fused level: a matmul of the arguments
// with its roles.

#include "LayerRecognizer.h"

using namespace mlir;

namespace moelora::codegen {

std::string Recognizer::tell(Value value) {
  if (!value)
    return "none";
  if (auto argument = dyn_cast<BlockArgument>(value))
    return ("the argument of role " +
            stringifyRole(layer.getRole(argument.getArgNumber())))
        .str();
  return ("a result of " + value.getDefiningOp()->getName().getStringRef())
      .str();
}

bool Recognizer::expectArgument(Operation *op, StringRef name, Value found,
                                Role role) {
  Value wanted = layer.getArgument(role);
  if (wanted)
    read.insert(wanted);
  return expectValue(origin(found) == wanted, op,
                     Twine(name) +
                         (wanted ? " to be the argument of role "
                                 : " to be absent without one of role ") +
                         stringifyRole(role),
                     found);
}

bool Recognizer::expectInput(Operation *op, Value found, Role role) {
  return expectArgument(op, "its input", found, role);
}

Value Recognizer::origin(Value value) {
  while (Operation *op = value ? value.getDefiningOp() : nullptr) {
    if (auto own = dyn_cast<OwnOp>(op))
      value = own.getGathered();
    else if (auto gather = dyn_cast<AllGatherOp>(op))
      value = gather.getInputs()[cast<OpResult>(value).getResultNumber()];
    else
      break;
    seen.insert(op);
  }
  return value;
}

GroupedMatmulOp Recognizer::matmul(Operation *reader, StringRef name,
                                   Value value) {
  auto op = origin(value).getDefiningOp<GroupedMatmulOp>();
  expectValue(bool(op), reader, name + " to be a result of grouped_matmul",
              value);
  return op;
}

bool Recognizer::partialSums(Operation *&reader, Value &value,
                             ArrayRef<Axis> axes) {
  auto isCut = [&](Axis axis) { return (axis == Axis::Ep ? ep : tp) > 1; };
  if (llvm::none_of(axes, isCut))
    return true;
  auto reduce = value.getDefiningOp<ReduceOp>();
  if (!expectValue(bool(reduce), reader, "a sum of ranks, which reduce makes",
                   value))
    return false;
  for (Axis axis : axes)
    if (!expect(!isCut(axis) ||
                    llvm::is_contained(reduce.getAxes().getAxes(), axis),
                reduce,
                "to add up the ranks along " + stringifyAxis(axis) +
                    ", but it does not"))
      return false;
  seen.insert(reduce);
  reader = reduce;
  value = reduce.getPartial();
  return true;
}

GroupedMatmulOp Recognizer::sum(Operation *reader, StringRef name,
                                Value value) {
  if (ep * tp == 1 || isPartial)
    return matmul(reader, name, value);
  auto finish = value.getDefiningOp<FinishOp>();
  if (!expectValue(bool(finish), reader,
                   Twine(name) + " to be a result of finish", value))
    return {};
  seen.insert(finish);
  reader = finish;
  Value rows = finish.getSum();
  GroupedMatmulOp op;
  if (partialSums(reader, rows, {Axis::Ep, Axis::Tp}))
    op = matmul(reader, "its partial sums", rows);
  if (op)
    finishes[op] = finish;
  return op;
}

/// A plan of the pairs that a router chose, or of one expert.
bool Recognizer::plan(Operation *reader, Value value, bool routed) {
  auto op = value.getDefiningOp<PlanOp>();
  if (!expect(op && bool(op.getIds()) == routed, reader,
              routed ? "a plan with expert ids, but it has none"
                     : "a plan without expert ids, but it has some"))
    return false;
  seen.insert(op);
  if (op.getMap() &&
      (!expect(ep > 1, op,
               "all experts, but it has a map of those of a part") ||
       !expectArgument(op, "its map", op.getMap(), Role::ExpertMap)))
    return false;
  auto resolve = op.getSlots()
                     ? origin(op.getSlots()).getDefiningOp<ResolveSlotsOp>()
                     : ResolveSlotsOp();
  if (!resolve)
    return true;
  seen.insert(resolve);
  return expectArgument(resolve, "ids", resolve.getIds(), Role::Slots);
}

static Ending endingOf(GroupedMatmulOp op) {
  if (op.combines())
    return Ending::Sum;
  return op.getActivation() ? Ending::Activation : Ending::Accumulator;
}

/// Compares everything except the rows that it reads.
bool Recognizer::linear(GroupedMatmulOp op, const Linear &linear,
                        Ending ending) {
  static constexpr StringLiteral texts[] = {"an accumulator", "an activation",
                                            "a sum"};
  int found = int(endingOf(op)), wanted = int(ending);
  FinishOp finish = finishes.lookup(op);
  Type rounded = getElementTypeOrSelf(finish ? finish.getResult().getType()
                                             : op.getResult().getType());
  bool isCut = linear.weight == Role::DownWeight ||
               linear.weight == Role::SharedDownWeight;
  seen.insert(op);
  if (!expectArgument(op, "its weight", op.getWeight(), linear.weight) ||
      !expect(found == wanted, op,
              Twine("it to answer ") + texts[wanted] + ", but it answers " +
                  texts[found]) ||
      !expect(ending == Ending::Accumulator || rounded == element ||
                  (isPartial && linear.weight == Role::DownWeight),
              op,
              "its result to be rounded to the layer's element type, but it "
              "is f32") ||
      !expect(tp == 1 || !op.getBias() || op.getOnce() == isCut, op,
              isCut ? "its bias to be added by one rank, but all add it"
                    : "its bias to be added by all ranks, but one adds it"))
    return false;
  if (op.getBias())
    result.biases |= linear.biasBit;
  return !linear.bias
             ? expectValue(!op.getBias(), op, "its bias to be absent",
                           op.getBias())
             : expectArgument(op, "its bias", op.getBias(), *linear.bias);
}

/// `rows` are the rows that the adapter reads.
bool Recognizer::delta(GroupedMatmulOp op, Role table, Value rows) {
  if (!expectArgument(op, "its table of adapters", op.getTable(), table))
    return false;
  if (!op.getShrunk())
    return true;
  auto shrink = op.getShrunk().getDefiningOp<ShrinkOp>();
  if (!expectValue(bool(shrink), op, "its shrunk rows to be made by shrink",
                   op.getShrunk()))
    return false;
  seen.insert(shrink);
  return (!op.getGatherShrunk() ||
          plan(shrink, shrink.getPlan(), /*routed=*/false)) &&
         expectValue(origin(shrink.getInput()) == origin(rows), shrink,
                     "its input to be that of its grouped_matmul",
                     shrink.getInput());
}

bool Recognizer::norm(RmsNormOp op, Role weight, moelora_norm &norm) {
  seen.insert(op);
  norm = {1, describeReal(op.getEpsilon()), describeReal(op.getScale())};
  return expectValue(bool(op.getWeight()), op, "its weight to be an argument",
                     op.getWeight()) &&
         expectArgument(op, "its weight", op.getWeight(), weight);
}

} // namespace moelora::codegen
