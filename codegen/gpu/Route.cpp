// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stage `route`: its operands, its limits, and its launch.

#include "LayerDescription.h"
#include "gpu/RouteKernel.h"

using namespace mlir;

namespace moelora::codegen {

/// More blocks than a device runs at a time. Each warp then routes several
/// tokens.
static constexpr int64_t MostBlocks = 2048;

static LogicalResult verify(RouteOp op, const moelora_router &router) {
  if (failed(verifyLogits(op)))
    return failure();
  if (router.top_k > MostRouted)
    return op.emitError() << "expects at most " << MostRouted
                          << " choices of a token, but top_k is "
                          << router.top_k;
  if (router.experts > MOELORA_MAX_ROUTED_EXPERTS)
    return op.emitError() << "expects at most " << MOELORA_MAX_ROUTED_EXPERTS
                          << " experts, but there are " << router.experts;
  return success();
}

FailureOr<RunStage> lowerRoute(GpuLowering &lowering, RouteOp op) {
  moelora_router router = describeRouter(op);
  if (failed(verify(op, router)))
    return failure();
  for (Value result : op->getResults())
    lowering.words[result] = lowering.frame.region({0, 4 * router.top_k});
  auto word = [&](Value value) {
    return value ? lowering.words.lookup(value) : -1;
  };
  RouteOperands operands = {word(op.getLogits()),      word(op.getIds()),
                            word(op.getWeights()),     word(op.getBias()),
                            word(op.getExpertScale()), word(op.getTable()),
                            word(op.getTokenIds())};
  KernelInfo kernel = emitRouteKernel(lowering, router, operands);
  return RunStage([=, &lowering](Code &code, Ptr frame) {
    Int tokens = code.loadInt(frame + Frame::Tokens);
    Int blocks = (tokens + (RouteWarps - 1)) / RouteWarps;
    lowering.launch(code, frame, kernel,
                    code.least(blocks, code.i64(MostBlocks)));
  });
}

} // namespace moelora::codegen
