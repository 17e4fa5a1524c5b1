/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a launch did: counts, and what it died of.
 */
#ifndef MOELORA_EMULATOR_REPORT_H
#define MOELORA_EMULATOR_REPORT_H

#include <cstdint>
#include <string>

namespace moelora::emulator {

/// Sums over a launch. Of global memory unless they say otherwise.
struct Counts {
  uint64_t threads = 0, blocks = 0;
  uint64_t barriers = 0;     ///< of blocks, completed
  uint64_t warpBarriers = 0; ///< completed
  uint64_t collectives = 0;  ///< of a warp: shuffles, votes, matrices, ...
  uint64_t mmas = 0;         ///< part of them
  uint64_t atomics = 0;      ///< of a thread, in any memory
  uint64_t copies = 0;       ///< asynchronous ones, of a thread
  uint64_t loadBytes = 0, storeBytes = 0; ///< requested
  uint64_t sharedLoadBytes = 0, sharedStoreBytes = 0;
  /// With checks only.
  uint64_t loadSectors = 0, storeSectors = 0; ///< different ones, of 32 bytes
  uint64_t bankConflicts = 0;
  uint64_t unwrittenBytes = 0; ///< loaded, of either memory

  void add(const Counts &other);
};

struct Report {
  std::string kernel;
  uint32_t grid[3] = {}, block[3] = {}, sharedBytes = 0;
  uint64_t number = 0; ///< of the launch on its device, from 0
  Counts counts;
  std::string fault; ///< "": none
};

/// One line of JSON, without its end.
std::string toJson(const Report &report);

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_REPORT_H
