// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How many thread blocks an SM holds.

#include "moelora/cost/Occupancy.h"

#include <algorithm>

namespace moelora::cost {
namespace {

constexpr int64_t lanes = 32, subCores = 4;

int64_t roundedUp(int64_t value, int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

struct Limits {
  int64_t architecture, warps, blocks; ///< of an SM
};

// "Technical Specifications per Compute Capability" in the CUDA C++ Programming
// Guide.
constexpr Limits limits[] = {
    {80, 64, 32}, {86, 48, 16}, {89, 48, 24}, {90, 64, 32}, {120, 48, 24}};

Limits limitsOf(const Gpu &gpu) {
  for (const Limits &limit : limits)
    if (limit.architecture == gpu.architecture)
      return limit;
  return {gpu.architecture, 48, 16};
}

} // namespace

int64_t residentBlocks(const Gpu &gpu, const BlockUse &use) {
  Limits limit = limitsOf(gpu);
  int64_t warps = std::max<int64_t>(roundedUp(use.threads, lanes) / lanes, 1);
  // A warp gets registers in units of 8 for each thread, from its sub-core.
  int64_t registers = roundedUp(std::max<int64_t>(use.registers, 1), 8) *
                      lanes * roundedUp(warps, subCores);
  return std::min({gpu.sharedPerSm / (use.sharedBytes + Gpu::reservedShared),
                   gpu.registersPerSm / registers, limit.warps / warps,
                   limit.blocks});
}

} // namespace moelora::cost
