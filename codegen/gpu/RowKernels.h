// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels in which each warp computes one token at a time.
#ifndef MOELORA_CODEGEN_GPU_ROWKERNELS_H
#define MOELORA_CODEGEN_GPU_ROWKERNELS_H

#include "gpu/GpuLowering.h"

namespace moelora::codegen {

constexpr int64_t RowWarps = 8, RowThreads = RowWarps * WarpLanes;

/// Writes the loop over the tokens of this warp.
void forTokens(Kernel &kernel, llvm::function_ref<void(Int token)> body);
/// Launches a kernel with a warp for each token, up to a bound.
RunStage launchRows(GpuLowering &lowering, const KernelInfo &kernel);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_ROWKERNELS_H
