// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef MOELORA_TOOLS_BENCH_GPUMEASURE_H
#define MOELORA_TOOLS_BENCH_GPUMEASURE_H

#include "Options.h"

namespace moelora::bench {

/// Compiles the shapes into a folder, for a machine that has no compiler.
void prepareGpu(const GpuOptions &options, const std::string &folder);

/// Measures layers on a device: prints a table, and writes JSON if requested.
/// `folder` is that of the tools, which are used if no layers were prepared.
/// Throws on errors, also if a cell's output is wrong.
void runGpu(const GpuOptions &options, const std::string &folder);

/// Replays graphs while adapters change, on a device. Writes JSON if requested.
/// Throws an Error if a row is wrong.
void replayGpu(const GpuOptions &options, const std::string &folder);

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_GPUMEASURE_H
