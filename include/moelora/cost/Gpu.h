// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The properties of a GPU on which the cost of a layer depends.
#ifndef MOELORA_COST_GPU_H
#define MOELORA_COST_GPU_H

#include <cstdint>
#include <optional>
#include <vector>

namespace moelora::cost {

/// Rates are per second and sizes in bytes. A rate is a measured one if there
/// is one, and otherwise the vendor's; `lib/cost/Gpu.cpp` has the sources.
struct Gpu {
  const char *name;
  int64_t architecture; ///< 80 for sm_80
  int64_t sms;
  double clock;           ///< that is sustained while the tensor cores work
  double bandwidth;       ///< of device memory
  double tensorPeak;      ///< dense bf16 or f16 operations, f32 accumulators
  double mmaCycles;       ///< of an mma.sync.m16n8k16 on one of 4 sub-cores
  double l2Bytes;         ///< capacity of the L2 cache
  double l2Bandwidth;     ///< from the L2 cache to all SMs
  int64_t sharedPerSm;    ///< bytes of shared memory
  int64_t registersPerSm; ///< of 32 bits
  /// From the end of a kernel to the first work of the kernel that depends on
  /// it, in a graph and in plain stream order. With programmatic dependent
  /// launch, which needs sm_90, about 1.2 us.
  double launchSeconds;

  /// The most shared memory that one thread block may use. Each thread block
  /// occupies 1 KiB more.
  int64_t sharedLimit() const { return sharedPerSm - reservedShared; }

  static constexpr int64_t reservedShared = 1024;
};

/// All descriptions. The first one of an architecture is its default.
const std::vector<Gpu> &gpus();

/// The default description of an architecture, such as 90, if there is one.
std::optional<Gpu> defaultGpu(int64_t architecture);

} // namespace moelora::cost

#endif // MOELORA_COST_GPU_H
