/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Counts bank conflicts. Lanes run one after another, so the accesses of a warp
 * are put together from those of its lanes: the n-th execution of a site by
 * each lane, since all lanes last waited for each other, is one access of the
 * warp. The hardware serves accesses of 8 bytes in two half warps, and those of
 * 16 bytes in four quarters. Each part takes as many passes as there are
 * different words of it in the bank that has most of them.
 */
#ifndef MOELORA_EMULATOR_BANKS_H
#define MOELORA_EMULATOR_BANKS_H

#include <cstdint>
#include <vector>

namespace moelora::emulator {

constexpr uint32_t warpLanes = 32;

/// The number of passes that an access takes in addition to the first one of
/// each part. `lanes` is the mask of the lanes that take part, and `offsets`
/// has the offset of each lane in shared memory, in bytes. Offsets of other
/// lanes are not read.
uint32_t bankConflicts(uint32_t lanes, const uint32_t *offsets, uint32_t bytes);

/// The accesses of one warp to shared memory.
class Banks {
public:
  /// Adds an access of a lane. `cursor` belongs to the lane, is 0 before the
  /// first access after `meet`, and is updated by each access.
  void access(uint32_t lane, uint32_t &cursor, uint32_t site, uint32_t offset,
              uint32_t bytes);
  /// Called when all lanes of the warp have waited for each other. Returns the
  /// conflicts of all accesses since the last call. The caller sets the cursors
  /// of the lanes to 0.
  uint64_t meet();

private:
  struct Group {
    uint32_t site, bytes, lanes;
    uint32_t offsets[warpLanes];
  };
  std::vector<Group> groups; ///< in the order of their first accesses
  uint64_t counted = 0;
};

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_BANKS_H
