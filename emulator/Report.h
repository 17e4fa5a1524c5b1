/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The report of a launch: its counts and its fault.
 */
#ifndef MOELORA_EMULATOR_REPORT_H
#define MOELORA_EMULATOR_REPORT_H

#include <cstdint>
#include <string>

namespace moelora::emulator {

/// Sums over a launch. Counts of accesses are for global memory unless their
/// names or comments say otherwise.
struct Counts {
  uint64_t threads = 0, blocks = 0;
  uint64_t barriers = 0;     ///< of thread blocks, completed
  uint64_t warpBarriers = 0; ///< completed
  uint64_t collectives = 0;  ///< shuffles, votes, matrices, ... of a warp
  uint64_t mmas = 0;         ///< those of the collectives that are mma.sync
  uint64_t atomics = 0;      ///< of one thread each, in any memory
  uint64_t copies = 0;       ///< asynchronous, of one thread each
  uint64_t loadBytes = 0, storeBytes = 0; ///< requested by the kernel
  uint64_t sharedLoadBytes = 0, sharedStoreBytes = 0;
  /// The following are counted with checks only.
  uint64_t loadSectors = 0, storeSectors = 0; ///< each counted once
  uint64_t bankConflicts = 0;
  uint64_t unwrittenBytes = 0; ///< loaded, in any memory

  void add(const Counts &other);
};

struct Report {
  std::string kernel;
  uint32_t grid[3] = {}, block[3] = {}, sharedBytes = 0;
  uint64_t number = 0; ///< of the launch on its device, from 0
  Counts counts;
  std::string fault; ///< "" if there is none
};

/// A copy to the host of bytes of which some were never written.
struct UnwrittenCopy {
  uint64_t bytes, unwritten;
};

/// These return one line of JSON, without a line end.
std::string toJson(const Report &report);
std::string toJson(const UnwrittenCopy &copy);

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_REPORT_H
