// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes the layers of parts: clones of whole layers, whose types are derived
// again from the arguments down to the result.

#include "CutLayer.h"
#include "moelora/passes/Passes.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace moelora {
#define GEN_PASS_DEF_INSTANTIATE
#include "moelora/passes/Passes.h.inc"

namespace {

/// One part of a layer, outside of any module.
OwningOpRef<LayerOp> makePart(LayerOp layer, Cut cut) {
  OwningOpRef<LayerOp> part(layer.clone());
  std::string why; // the verifier has checked that the cut divides
  (void)cutArguments(*part, cut, why);
  if (cut.experts > 1)
    (void)addExpertMap(*part, routedDispatch(*part), expertMapOf(layer));
  Block &body = part->getBody().front();
  for (Operation &op : body) {
    retype(&op, cut);
    if (auto sum = dyn_cast<CombineOp>(op))
      sum.getResult().setType(resultOfPart(sum.getResult().getType(), cut));
  }
  part->setFunctionType(
      FunctionType::get(layer.getContext(), body.getArgumentTypes(),
                        body.getTerminator()->getOperandTypes()));
  return part;
}

struct Instantiate : impl::InstantiateBase<Instantiate> {
  using InstantiateBase::InstantiateBase;

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    WalkResult walked = getOperation().walk([&](CallOp call) {
      return call.getCut() ? instantiate(call, symbols) : WalkResult::advance();
    });
    if (walked.wasInterrupted())
      signalPassFailure();
  }

private:
  using Key = std::tuple<Operation *, int64_t, int64_t>;
  llvm::MapVector<Key, LayerOp, std::map<Key, unsigned>> parts;

  WalkResult instantiate(CallOp call, SymbolTable &symbols) {
    auto layer = symbols.lookup<LayerOp>(call.getCallee());
    if (!layer)
      return call.emitOpError()
             << "expects @" << call.getCallee()
             << " to be a layer of the module that is transformed";
    Cut cut = call.getParts();
    LayerOp &part = parts[{layer, cut.experts, cut.intermediate}];
    if (!part && failed(verify(call, layer, cut)))
      return WalkResult::interrupt();
    if (!part)
      part = cut.isWhole() ? layer : findOrInsert(layer, cut, symbols);
    call.setCallee(part.getSymName());
    call.removeCutAttr();
    return WalkResult::advance();
  }

  LogicalResult verify(CallOp call, LayerOp layer, Cut cut) {
    if (cut.isWhole())
      return success();
    for (Operation &op : layer.getBody().getOps())
      if (!belongsTo(&op, Level::Routed))
        return op.emitOpError() << "expects a layer that is cut to have ops of "
                                   "the routed level";
    return verifySum(call, layer, cut);
  }

  /// An equal layer of an earlier run, or a new one after the whole layer and
  /// its other parts.
  LayerOp findOrInsert(LayerOp layer, Cut cut, SymbolTable &symbols) {
    OwningOpRef<LayerOp> part = makePart(layer, cut);
    part->setSymName((layer.getSymName() + "_cut_" + Twine(cut.experts) + "x" +
                      Twine(cut.intermediate))
                         .str());
    auto known = symbols.lookup<LayerOp>(part->getSymName());
    if (known && OperationEquivalence::isEquivalentTo(
                     known, *part, OperationEquivalence::IgnoreLocations))
      return known;
    Operation *last = layer;
    for (auto &[key, other] : parts)
      if (other && std::get<0>(key) == layer.getOperation() && other != layer)
        last = other;
    symbols.insert(*part, std::next(Block::iterator(last)));
    return part.release();
  }
};

} // namespace
} // namespace moelora
