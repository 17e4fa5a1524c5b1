// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The call of one part, the sum of all parts, and one rounding. No symbol is
// made here, because functions are partitioned on several threads.

#include "CallLoops.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::shard;

namespace moelora {
namespace {

/// No size of a layer is larger.
constexpr int64_t mostParts = 1 << 20;

void print(Diagnostic &to, const Sharding &sharding) {
  to << "[";
  llvm::interleaveComma(sharding.getSplitAxes(), to, [&](GridAxesAttr axes) {
    to << "[";
    llvm::interleaveComma(axes.asArrayRef(), to);
    to << "]";
  });
  to << "]";
}

/// Checks that operands and result have the shardings that follow from one
/// another.
LogicalResult verifyShardings(CallOp call, LayerOp layer,
                              ArrayRef<Sharding> shardings,
                              const ShardingOption &option) {
  std::vector<Sharding> needed = neededShardings(loopsOf(call, layer), option);
  for (auto [index, found] : llvm::enumerate(shardings)) {
    if (!found)
      continue;
    if (failed(verifyEven(call, found, option.grid)))
      return failure();
    if (found == needed[index])
      continue;
    InFlightDiagnostic diagnostic = call.emitOpError() << "expects ";
    if (index < call.getInputs().size())
      diagnostic << "operand " << index << ", the "
                 << stringifyRole(roleOf(layer, index)) << " of @"
                 << layer.getSymName() << ",";
    else
      diagnostic << "the result of @" << layer.getSymName();
    diagnostic << " to be split over ";
    print(*diagnostic.getUnderlyingDiagnostic(), needed[index]);
    diagnostic << ", which follows from the other shardings, but it is split "
                  "over ";
    print(*diagnostic.getUnderlyingDiagnostic(), found);
    return diagnostic;
  }
  return success();
}

/// The number of parts that the axes make.
FailureOr<int64_t> countParts(CallOp call, GridOp grid,
                              ArrayRef<GridAxis> axes) {
  int64_t parts = 1;
  for (GridAxis axis : axes) {
    int64_t size = grid.getShape()[axis];
    if (size < 1 || (parts *= std::min(size, mostParts + 1)) > mostParts)
      return call.emitOpError()
             << "expects the sizes of the axes that cut a layer to be known, "
                "and to make 1 to "
             << mostParts << " parts, but axis " << axis << " of @"
             << grid.getSymName() << " has "
             << (ShapedType::isDynamic(size) ? "a dynamic size"
                                             : "size " + std::to_string(size));
  }
  return parts;
}

FailureOr<Cut> countParts(CallOp call, const ShardingOption &option,
                          SymbolTableCollection &symbols) {
  GridOp grid = getGridOrNull(call, option.grid, symbols);
  if (!grid)
    return call.emitOpError()
           << "expects " << option.grid << " to be a shard.grid";
  auto experts = countParts(call, grid, option.shardingArray[ExpertLoop]);
  auto intermediate =
      countParts(call, grid, option.shardingArray[IntermediateLoop]);
  if (failed(experts) || failed(intermediate))
    return failure();
  return Cut::ofCall(*experts, *intermediate);
}

/// Gives the slot tables of the function the types of their parts, as
/// `shard-partition` does with its tensors. The engine passes tables of the
/// part.
LogicalResult cutTables(CallOp part, LayerOp layer) {
  for (OpOperand &input : part.getInputsMutable()) {
    unsigned index = input.getOperandNumber();
    auto type = dyn_cast<SlotTableType>(input.get().getType());
    std::string why; // the verifier of the call repeats it
    Type wanted = partOf(layer.getRole(index), layer.getArgumentTypes()[index],
                         part.getParts(), why);
    if (!type || !wanted)
      continue;
    wanted = cast<SlotTableType>(wanted).withPageOrder(type.getPageOrder());
    if (wanted == type)
      continue;
    auto argument = dyn_cast<BlockArgument>(input.get());
    if (argument && llvm::all_of(argument.getUsers(), [&](Operation *user) {
          return user == part;
        })) {
      argument.setType(wanted);
      continue;
    }
    return part.emitOpError()
           << "expects operand " << index << ", the "
           << stringifyRole(layer.getRole(index)) << " of @"
           << layer.getSymName() << ", to be an argument of the function, of "
           << "which all calls have one cut, because its type becomes "
           << wanted << ", but it "
           << (argument ? "has another user" : "is the result of an op");
  }
  return success();
}

} // namespace

LogicalResult partition(CallOp call, LayerOp layer,
                        ArrayRef<Sharding> shardings, IRMapping &values,
                        SymbolTableCollection &symbols, OpBuilder &builder) {
  ShardingOption option = optionOf(call, layer, shardings);
  if (option.empty) {
    builder.clone(*call, values);
    return success();
  }
  FailureOr<Cut> cut = Cut();
  if (failed(verifyShardings(call, layer, shardings, option)) ||
      failed(cut = countParts(call, option, symbols)))
    return failure();
  auto part = cast<CallOp>(builder.clone(*call, values));
  if (cut->isWhole())
    return success();
  if (call.getCut())
    return call.emitOpError() << "expects a whole layer, but it has cut = ["
                              << *call.getCut() << "] already";
  if (failed(verifySum(call, layer, *cut)))
    return failure();
  RankedTensorType type = part.getResult().getType();
  part.setCut(ArrayRef<int64_t>{cut->experts, cut->intermediate});
  part.getResult().setType(resultOfPart(type, *cut));
  if (failed(cutTables(part, layer)))
    return failure();
  passCoordinates(part, layer, getGridOrNull(call, option.grid, symbols),
                  option);
  if (failed(part.verifySymbolUses(symbols)))
    return failure();
  Value sum = AllReduceOp::create(
      builder, call.getLoc(), part.getResult(), option.grid.getValue(),
      option.shardingArray[SharedLoop], ReductionKind::Sum);
  if (sum.getType() != type)
    sum = arith::TruncFOp::create(builder, call.getLoc(), type, sum);
  values.map(call.getResult(), sum);
  return success();
}

} // namespace moelora
