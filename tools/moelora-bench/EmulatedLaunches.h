// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the launches of one batch move and multiply, counted by the emulator,
// beside what lib/cost expects of them.
#ifndef MOELORA_TOOLS_BENCH_EMULATEDLAUNCHES_H
#define MOELORA_TOOLS_BENCH_EMULATEDLAUNCHES_H

#include "Problem.h"
#include "StaticKernels.h"
#include "moelora/cost/Cost.h"

namespace moelora::bench {

struct EmulatedLaunch {
  std::string kernel;
  int64_t mmas, bankConflicts;
  double touched;                 // bytes of sectors, each counted once
  double requested;               // bytes that threads have loaded and stored
  std::optional<cost::Tile> tile; // of an expert GEMM
  std::optional<cost::Launch> model;
};

struct EmulatedBatch {
  Shape shape;
  int64_t architecture;
  Cell cell;
  Groups groups; // of the rows
  std::vector<EmulatedLaunch> launches;
};

/// Compiles the layer for the emulated architecture and runs the cells. Throws
/// if an output is wrong.
std::vector<EmulatedBatch> emulate(const Shape &shape, int32_t architecture,
                                   const std::vector<Cell> &cells,
                                   const std::string &folder);

void printLaunches(const EmulatedBatch &batch);
host::Json documentOf(const EmulatedBatch &batch);

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_EMULATEDLAUNCHES_H
