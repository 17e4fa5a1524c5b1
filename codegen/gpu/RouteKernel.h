// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef MOELORA_CODEGEN_GPU_ROUTEKERNEL_H
#define MOELORA_CODEGEN_GPU_ROUTEKERNEL_H

#include "gpu/GpuLowering.h"
#include "moelora/runtime/Abi.h"

namespace moelora::codegen {

/// What a router reads and writes: words of the frame; -1 where it has none.
struct RouteOperands {
  int64_t logits, ids, weights, bias, expertScale, table, tokenIds;
};

/// A token is the work of one warp.
constexpr int64_t RouteWarps = 4;
/// Each lane has one of a token's choices.
constexpr int64_t MostRouted = WarpLanes;

/// The parameters are the tokens, and then the operands in the order of
/// RouteOperands. With a table, the statistics follow.
KernelInfo emitRouteKernel(GpuLowering &lowering, const moelora_router &router,
                           const RouteOperands &operands);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_ROUTEKERNEL_H
