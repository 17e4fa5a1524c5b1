// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The kernel that makes the plan of a batch.
#ifndef MOELORA_CODEGEN_GPU_PLANKERNEL_H
#define MOELORA_CODEGEN_GPU_PLANKERNEL_H

#include "gpu/GpuLowering.h"

namespace moelora::codegen {

KernelInfo emitPlanKernel(GpuLowering &lowering, const GpuPlan &plan);
/// The number of thread blocks of its launch.
int64_t planBlocks(const GpuPlan &plan);
/// The shared memory of its thread blocks, in bytes.
int64_t planSharedBytes(const GpuPlan &plan);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_PLANKERNEL_H
