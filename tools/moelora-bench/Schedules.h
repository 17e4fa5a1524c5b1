// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tiles that the compiler has chosen for a layer.
#ifndef MOELORA_TOOLS_BENCH_SCHEDULES_H
#define MOELORA_TOOLS_BENCH_SCHEDULES_H

#include "StaticKernels.h"

namespace moelora::bench {

// The name of a kernel such as gate_up_16, or gate_up_planning_16, which also
// makes the plan.

/// gate_up, or the whole name if there are no tokens behind it.
std::string stageOf(std::string kernel);
/// 16, or 0.
int64_t tokensOf(const std::string &kernel);

/// The tiles in the text of a scheduled layer.
LayerTiles parseTiles(const std::string &text);

/// The tiles of a layer for an architecture. `folder` is that of the tools.
LayerTiles readTiles(const std::string &folder, const std::string &config,
                     int32_t architecture);

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_SCHEDULES_H
