// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A plan with a map first translates the ids of all experts to those of the
// experts of this rank, with one task per token:
//
//   place = map[token mod copies][id]
//   local = place - coordinate * experts     in [0, experts): of this rank
//
// Ids of other ranks become -1, which is not counted. Ids of no expert are
// counted by the rank that the token is from, so they become -2 there, and -1
// on other ranks.

#include "cpu/Lowering.h"
#include "cpu/Services.h"
#include "moelora/dialect/RowAxes.h"

using namespace mlir;

namespace moelora::codegen {

namespace {

struct LocalIds {
  LocalIds(Lowering &lowering, PlanOp op, int64_t word)
      : lowering(lowering), op(op), word(word),
        axes(gatheredOver(op.getPlan())) {
    auto map = cast<RankedTensorType>(op.getMap().getType());
    copies = map.getDimSize(0);
    mapped = map.getDimSize(1);
    experts = op.getPlan().getType().getExperts();
    topK = op.getPlan().getType().getTopK();
  }

  Lowering &lowering;
  PlanOp op;
  int64_t word;
  AxesAttr axes;
  int64_t copies, mapped, experts, topK;

  LLVM::LLVMFuncOp emitTask() {
    return taskFunction(
        lowering.unit, "local_ids_" + std::to_string(word),
        [&](Code &code, Ptr frame, Int token, Int) {
          Ptr ids = code.loadPtr(frame + lowering.words.lookup(op.getIds()));
          Ptr map = code.loadPtr(frame + lowering.words.lookup(op.getMap())) +
                    token % copies * (mapped * 4);
          Int first =
              lowering.ranks.coordinate(code, frame, Axis::Ep) * experts;
          Int unknown = code.select(isOwn(code, frame, token), code.i64(-2),
                                    code.i64(-1));
          code.loop(code.i64(0), code.i64(topK), 1, [&](Int choice) {
            Int at = (token * topK + choice) * 4;
            Int id = code.loadInt32(ids + at);
            code.store(code.toI32(local(code, map, id, first, unknown)),
                       code.loadPtr(frame + word) + at);
          });
        });
  }

  Value isOwn(Code &code, Ptr frame, Int token) {
    if (!axes)
      return code.bit(true);
    Int begin = lowering.ranks.begin(code, frame, axes, axes);
    return code.below(token - begin, code.loadInt(frame + Frame::Tokens));
  }

  Int local(Code &code, Ptr map, Int id, Int first, Int unknown) {
    Int none = code.i64(-1);
    Value isMapped = code.below(id, code.i64(mapped));
    Int place =
        code.loadInt32(map + code.select(isMapped, id, code.i64(0)) * 4);
    Int number = place - first;
    number = code.select(code.below(number, code.i64(experts)), number, none);
    // -1, and the experts without weights that follow the others.
    Value isZero =
        code.below(id - mapped, code.i64(int64_t(op.getZeroExperts())));
    Int other = code.select(isZero, none, unknown);
    other = code.select(code.equal(id, none), none, other);
    return code.select(isMapped, number, other);
  }
};

} // namespace

RunStage lowerLocalIds(Lowering &lowering, PlanOp op, int64_t word) {
  LLVM::LLVMFuncOp task = LocalIds(lowering, op, word).emitTask();
  return [task, op, &lowering](Code &code, Ptr frame) mutable {
    parallelFor(code, frame, lowering.rows(code, frame, op.getPlan()), task);
  };
}

} // namespace moelora::codegen
