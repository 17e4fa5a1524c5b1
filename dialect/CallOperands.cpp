// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operands of a part that follow from the coordinates of its rank.

#include "CallLoops.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace mlir::shard;

namespace moelora {
namespace {

/// The number of this rank's part along the axes, of which the last one counts
/// fastest.
Value numberOfPart(ImplicitLocOpBuilder &builder, GridOp grid,
                   ArrayRef<GridAxis> axes) {
  auto coordinates =
      ProcessMultiIndexOp::create(builder, grid.getSymName(), axes).getResult();
  Value number = coordinates.front();
  for (auto [axis, coordinate] :
       llvm::zip_equal(axes.drop_front(), coordinates.drop_front())) {
    Value size = arith::ConstantIndexOp::create(builder, grid.getShape()[axis]);
    number = arith::AddIOp::create(
        builder, arith::MulIOp::create(builder, number, size), coordinate);
  }
  return number;
}

/// The map of a part that has `own` experts from `first` on. The others are -1.
Value makeMap(ImplicitLocOpBuilder &builder, RankedTensorType type, Value first,
              int64_t own) {
  Value count = arith::ConstantIndexOp::create(builder, own);
  Value none = arith::ConstantIntOp::create(builder, type.getElementType(), -1);
  Value made =
      tensor::EmptyOp::create(builder, type.getShape(), type.getElementType());
  SmallVector<AffineMap> maps(1, builder.getMultiDimIdentityMap(2));
  SmallVector<utils::IteratorType> loops(2, utils::IteratorType::parallel);
  auto body = [&](OpBuilder &inner, Location loc, ValueRange) {
    ImplicitLocOpBuilder code(loc, inner);
    Value expert = linalg::IndexOp::create(code, 1);
    Value local = arith::SubIOp::create(code, expert, first);
    Value isOwn =
        arith::CmpIOp::create(code, arith::CmpIPredicate::ult, local, count);
    Value number =
        arith::IndexCastOp::create(code, type.getElementType(), local);
    Value result = arith::SelectOp::create(code, isOwn, number, none);
    linalg::YieldOp::create(code, result);
  };
  return linalg::GenericOp::create(builder, TypeRange{type}, ValueRange{}, made,
                                   maps, loops, body)
      .getResult(0);
}

class PartOperands {
public:
  PartOperands(CallOp part, LayerOp layer, GridOp grid)
      : part(part), layer(layer), grid(grid), code(part.getLoc(), part) {}

  /// Adds the map of the experts, which are cut over the axes.
  void addMap(ArrayRef<GridAxis> axes) {
    RankedTensorType type = expertMapOf(layer);
    int64_t own = type.getDimSize(1) / part.getParts().experts;
    Value first =
        arith::MulIOp::create(code, numberOfPart(code, grid, axes),
                              arith::ConstantIndexOp::create(code, own));
    part.getInputsMutable().append(makeMap(code, type, first, own));
  }

  /// The parts along the axes have the same bias: the first one adds it, and
  /// the others get zeros.
  void passOnce(Role role, ArrayRef<GridAxis> axes) {
    BlockArgument argument = layer.getArgument(role);
    if (!argument || axes.empty())
      return;
    OpOperand &input = part.getInputsMutable()[argument.getArgNumber()];
    auto type = cast<RankedTensorType>(input.get().getType());
    Value isFirst = arith::CmpIOp::create(
        code, arith::CmpIPredicate::eq, numberOfPart(code, grid, axes),
        arith::ConstantIndexOp::create(code, 0));
    Value zeros = arith::ConstantOp::create(code, code.getZeroAttr(type));
    input.set(arith::SelectOp::create(code, isFirst, input.get(), zeros));
  }

private:
  CallOp part;
  LayerOp layer;
  GridOp grid;
  ImplicitLocOpBuilder code;
};

} // namespace

void passCoordinates(CallOp part, LayerOp layer, GridOp grid,
                     const ShardingOption &option) {
  PartOperands operands(part, layer, grid);
  operands.passOnce(Role::DownBias, option.shardingArray[IntermediateLoop]);
  operands.passOnce(Role::SharedDownBias, option.shardingArray[SharedLoop]);
  if (part.getParts().experts > 1)
    operands.addMap(option.shardingArray[ExpertLoop]);
}

} // namespace moelora
