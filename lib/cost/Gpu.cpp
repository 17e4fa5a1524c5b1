// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of GPUs.

#include "moelora/cost/Gpu.h"
#include "moelora/support/Targets.h"

namespace moelora::cost {

/// A multiprocessor's shared memory: one thread block's at most, and what each
/// occupies besides.
static int64_t sharedOf(int64_t architecture) {
  return findArchitecture(architecture)->sharedBytes + Gpu::reservedShared;
}

// The sources of the table, column by column:
//
// SMs, L2 capacity, published rates: NVIDIA's architecture whitepapers (A100,
//   H100, RTX Blackwell) and data sheets (A10, L4, H200, RTX PRO 6000).
// clock: the published boost clock, with which the published peaks are
// computed;
//   on H100 and H200 the clock at which 132 SMs of 4096 operations a cycle
//   reach the peak that was measured, 1.46 GHz.
// bandwidth: H200 measured (published: 4.8); H100 the same share of its
//   published 3.35; others published, so that a real kernel reaches less.
// tensor peak: H200 measured (published: 989); H100 the same chip at the same
//   power; others published.
// mma cycles: 2048 multiply-adds of an m16n8k16 divided by those of a sub-core
//   in a cycle, from the peak. On sm_90 the peak is that of wgmma, 4 cycles, of
//   whose rate mma.sync reaches 62 %.
// L2 bandwidth: 5120 bytes a cycle on A100 (whitepaper), H100 and H200. It is
//   not published for the others: 32 bytes a cycle and SM are assumed.
// registers: "Technical Specifications per Compute Capability" in the CUDA C++
//   Programming Guide.
// launch: the usual time between dependent nodes of a CUDA graph.
const std::vector<Gpu> &gpus() {
  constexpr double GHz = 1e9, TB = 1e12, T = 1e12, MiB = 1 << 20;
  constexpr int64_t registers = 65536;
  constexpr double us = 1e-6;
  static const std::vector<Gpu> table = {
      {"A100", 80, 108, 1.41 * GHz, 2.039 * TB, 312 * T, 8, 40 * MiB,
       5120 * 1.41 * GHz, sharedOf(80), registers, 2.5 * us},
      {"A10", 86, 72, 1.695 * GHz, 0.6 * TB, 125 * T, 16, 6 * MiB,
       72 * 32 * 1.695 * GHz, sharedOf(86), registers, 2.5 * us},
      {"L4", 89, 58, 2.04 * GHz, 0.3 * TB, 121 * T, 16, 48 * MiB,
       58 * 32 * 2.04 * GHz, sharedOf(89), registers, 2.5 * us},
      {"H200", 90, 132, 1.461 * GHz, 4.3 * TB, 790 * T, 6.4, 50 * MiB,
       5120 * 1.461 * GHz, sharedOf(90), registers, 2.5 * us},
      {"H100", 90, 132, 1.461 * GHz, 3.0 * TB, 790 * T, 6.4, 50 * MiB,
       5120 * 1.461 * GHz, sharedOf(90), registers, 2.5 * us},
      {"RTX PRO 6000 Blackwell", 120, 188, 2.617 * GHz, 1.792 * TB, 503.8 * T,
       16, 128 * MiB, 188 * 32 * 2.617 * GHz, sharedOf(120), registers,
       2.5 * us},
  };
  return table;
}

std::optional<Gpu> defaultGpu(int64_t architecture) {
  for (const Gpu &gpu : gpus())
    if (gpu.architecture == architecture)
      return gpu;
  return std::nullopt;
}

} // namespace moelora::cost
