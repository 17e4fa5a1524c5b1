// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ShardingInterface of moelora.call, as an external model: programs without the
// shard dialect do not load it.

#include "moelora/dialect/CallSharding.h"
#include "CallLoops.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Shard/IR/ShardDialect.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::shard;

namespace moelora {
namespace {

std::vector<Sharding> joined(ArrayRef<Sharding> operands,
                             ArrayRef<Sharding> results) {
  std::vector<Sharding> all = operands.vec();
  llvm::append_range(all, results);
  return all;
}

/// Adds the annotations of weights that `sharding-propagation` tries to do
/// without, because a call does not gather weights.
void addWeights(CallOp call, LayerOp layer, std::vector<Sharding> &shardings) {
  for (auto [loops, sharding, known] :
       llvm::zip_equal(loopsOf(call, layer), shardings, knownShardings(call)))
    if (!sharding && (llvm::is_contained(loops, ExpertLoop) ||
                      llvm::is_contained(loops, IntermediateLoop) ||
                      llvm::is_contained(loops, SharedLoop)))
      sharding = known;
}

/// All three methods that deal with annotations are overridden: those of MLIR
/// refuse operands that are neither tensors nor numbers.
struct CallSharding : ShardingInterface::ExternalModel<CallSharding, CallOp> {
  SmallVector<utils::IteratorType> getLoopIteratorTypes(Operation *) const {
    using utils::IteratorType;
    return {IteratorType::parallel, IteratorType::reduction,
            IteratorType::reduction, IteratorType::reduction,
            IteratorType::parallel};
  }

  SmallVector<ReductionKind> getReductionLoopIteratorKinds(Operation *) const {
    return SmallVector<ReductionKind>(3, ReductionKind::Sum);
  }

  /// Dimensions without a loop are constants.
  SmallVector<AffineMap> getIndexingMaps(Operation *op) const {
    auto call = cast<CallOp>(op);
    Builder builder(op->getContext());
    SmallVector<AffineMap> maps;
    for (const TensorLoops &tensor : loopsOf(call, layerOf(call))) {
      SmallVector<AffineExpr> indices;
      for (std::optional<Loop> loop : tensor)
        indices.push_back(loop ? builder.getAffineDimExpr(*loop)
                               : builder.getAffineConstantExpr(0));
      maps.push_back(AffineMap::get(LoopCount, 0, indices, op->getContext()));
    }
    return maps;
  }

  FailureOr<ShardingOption>
  getShardingOption(Operation *op, ArrayRef<Sharding> operands,
                    ArrayRef<Sharding> results) const {
    auto call = cast<CallOp>(op);
    LayerOp layer = layerOf(call);
    std::vector<Sharding> shardings = joined(operands, results);
    addWeights(call, layer, shardings);
    return optionOf(call, layer, shardings);
  }

  FailureOr<std::vector<Sharding>>
  getShardingAnnotations(Operation *op, const ShardingOption &option) const {
    auto call = cast<CallOp>(op);
    return neededShardings(loopsOf(call, layerOf(call)), option);
  }

  LogicalResult addShardingAnnotations(Operation *op, OpBuilder &builder,
                                       const ShardingOption &option) const {
    auto call = cast<CallOp>(op);
    return annotate(call, layerOf(call), builder, option);
  }

  LogicalResult partition(Operation *op, ArrayRef<Value>,
                          ArrayRef<Sharding> operands,
                          ArrayRef<Sharding> results, IRMapping &values,
                          SymbolTableCollection &symbols,
                          OpBuilder &builder) const {
    auto call = cast<CallOp>(op);
    return moelora::partition(call, layerOf(call), joined(operands, results),
                              values, symbols, builder);
  }
};

} // namespace

void registerCallSharding(DialectRegistry &registry) {
  registry.addExtension(
      +[](MLIRContext *context, MoELoRADialect *, ShardDialect *) {
        // Partitioned functions have their ops. Passes that run on threads
        // cannot load dialects.
        context->loadDialect<arith::ArithDialect, linalg::LinalgDialect,
                             tensor::TensorDialect>();
        CallOp::attachInterface<CallSharding>(*context);
      });
}

} // namespace moelora
