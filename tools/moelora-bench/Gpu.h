// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef MOELORA_TOOLS_BENCH_GPU_H
#define MOELORA_TOOLS_BENCH_GPU_H

#include "Options.h"

namespace moelora::bench {

/// Prints what is known of the speed of GPU kernels without a GPU, and writes
/// JSON if requested. Uses the tools in `folder`. Throws on errors.
void runGpuStatic(const GpuOptions &options, const std::string &folder);

/// The cells of the options' grid.
std::vector<Cell> cellsOf(const GpuOptions &options);

/// Measures how long layers of models take to compile for GPUs, and prints what
/// their kernels occupy.
void runCompile(const CompileOptions &options, const std::string &folder);

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_GPU_H
