// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef MOELORA_TOOLS_BENCH_CPU_H
#define MOELORA_TOOLS_BENCH_CPU_H

#include "Options.h"

namespace moelora::bench {

/// Measures the grid of the CPU tier: prints a table, and writes JSON if
/// requested. Uses the tools in this program's folder. Throws on errors, also
/// if a cell's output is wrong.
void runCpu(const CpuOptions &options, const std::string &folder);

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_CPU_H
