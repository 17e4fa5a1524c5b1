// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stage `identity_weight`: for each token, the sum of the weights of its
// choices in a range of ids, in ascending order of the ids. A lane has one
// choice.

#include "gpu/RowKernels.h"

using namespace mlir;

namespace moelora::codegen {

namespace {

/// Adds the weights of the lanes with a key, in ascending order of the keys,
/// and of lanes with the same key.
Value sumInOrder(KernelCode &code, Int key, Value weight, Int none) {
  Int lane = code.lane();
  Value zero = code.f32(code.builder.getF32Type(), 0);
  Code::Values start{key.value, code.reduceMin(key).value, zero};
  return code.repeat(
      start,
      [&](ValueRange state) { return code.less({&code, state[1]}, none); },
      [&](ValueRange state) {
        Int own{&code, state[0]}, least{&code, state[1]};
        Int next = code.lowestOne(code.ballot(code.equal(own, least)));
        Value added = code.add(state[2], code.shuffleFrom(weight, next));
        Int rest = code.select(code.equal(lane, next), none, own);
        return Code::Values{rest.value, code.reduceMin(rest).value, added};
      })[2];
}

KernelInfo emitKernel(GpuLowering &lowering, IdentityWeightOp op) {
  int64_t topK = rowElements(op.getIds().getType());
  int64_t result = lowering.resultWord(op, 4);
  Kernel kernel(lowering.gpu, lowering.kernelName("identity_weight"),
                RowThreads);
  KernelCode &code = kernel.code;
  Named named(code, "identity_weight");
  RegionSize choices{0, 4 * topK};
  Ptr ids = kernel.region(lowering.words.lookup(op.getIds()), choices);
  Ptr weights = kernel.region(lowering.words.lookup(op.getWeights()), choices);
  Ptr sums = kernel.region(result, {0, 4});
  Int lane = code.lane(), none = code.i32(INT32_MAX);
  forTokens(kernel, [&](Int token) {
    Value zero = code.f32(code.builder.getF32Type(), 0);
    Code::Values own = code.choose(
        code.less(lane, code.i32(topK)),
        [&] {
          Int at = (token * topK + lane) * 4;
          Int id = code.loadNumber(ids + at);
          Value inside =
              code.both(code.less(code.i32(int64_t(op.getFirst()) - 1), id),
                        code.less(id, code.i32(op.getEnd())));
          return Code::Values{code.select(inside, id, none).value,
                              code.loadFloat(weights + at)};
        },
        [&] { return Code::Values{none.value, zero}; });
    Value sum = sumInOrder(code, {&code, own[0]}, own[1], none);
    code.when(code.equal(lane, code.i32(0)),
              [&] { code.store(sum, sums + token * 4); });
  });
  return kernel.finish(/*sharedBytes=*/0);
}

} // namespace

FailureOr<RunStage> lowerIdentityWeight(GpuLowering &lowering,
                                        IdentityWeightOp op) {
  int64_t topK = rowElements(op.getIds().getType());
  if (topK > MostChoices)
    return op.emitError() << "expects at most " << MostChoices
                          << " choices of a token, but top_k is " << topK;
  return launchRows(lowering, emitKernel(lowering, op));
}

} // namespace moelora::codegen
