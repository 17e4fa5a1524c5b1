/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * How the accesses of a warp to shared memory meet the banks: the n-th
 * execution of a site by each lane, since the warp last met, is one access of
 * the warp. Accesses of 8 bytes are served by half warps, those of 16 bytes by
 * quarters; each takes one pass for every word that the fullest bank holds.
 */
#ifndef MOELORA_EMULATOR_BANKS_H
#define MOELORA_EMULATOR_BANKS_H

#include <cstdint>
#include <vector>

namespace moelora::emulator {

constexpr uint32_t warpLanes = 32;

/// The passes that an access of some lanes takes beyond the first one of each
/// part. `offsets` of lanes that are not in `lanes` are not read.
uint32_t bankConflicts(uint32_t lanes, const uint32_t *offsets, uint32_t bytes);

class Banks {
public:
  /// `cursor` is the lane's, 0 after the warp has met.
  void access(uint32_t lane, uint32_t &cursor, uint32_t site, uint32_t offset,
              uint32_t bytes);
  /// The warp has met, and its accesses are counted: the conflicts of all. The
  /// cursors of its lanes go back to 0.
  uint64_t meet();

private:
  struct Group {
    uint32_t site, bytes, lanes;
    uint32_t offsets[warpLanes];
  };
  std::vector<Group> groups; ///< in the order in which they were begun
  uint64_t counted = 0;
};

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_BANKS_H
