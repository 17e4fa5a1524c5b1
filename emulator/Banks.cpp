/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Counts bank conflicts.
 */
#include "Banks.h"

#include <algorithm>

using namespace moelora;
using namespace moelora::emulator;

static constexpr uint32_t banks = 32, bankBytes = 4;
/// Limits the memory for a warp whose lanes never all wait for each other. When
/// there are more groups, they are counted early.
static constexpr size_t mostGroups = 4096;

/// The conflicts of lanes that the hardware serves together.
static uint32_t conflictsOfPart(uint32_t lanes, const uint32_t *offsets,
                                uint32_t words) {
  uint32_t held[warpLanes * 4], count = 0, fullest = 0;
  uint8_t perBank[banks] = {};
  for (; lanes; lanes &= lanes - 1) {
    uint32_t first = offsets[__builtin_ctz(lanes)] / bankBytes;
    for (uint32_t word = first; word < first + words; ++word) {
      if (std::find(held, held + count, word) != held + count)
        continue; // all lanes that read a word are served at once
      held[count++] = word;
      fullest = std::max<uint32_t>(fullest, ++perBank[word % banks]);
    }
  }
  return fullest ? fullest - 1 : 0;
}

uint32_t emulator::bankConflicts(uint32_t lanes, const uint32_t *offsets,
                                 uint32_t bytes) {
  uint32_t words = std::clamp(bytes / bankBytes, 1u, 4u);
  uint32_t partLanes = warpLanes / (words == 3 ? 4 : words), conflicts = 0;
  for (uint32_t lane = 0; lane < warpLanes; lane += partLanes) {
    uint32_t part = (partLanes == warpLanes ? ~0u : (1u << partLanes) - 1)
                    << lane;
    conflicts += conflictsOfPart(lanes & part, offsets, words);
  }
  return conflicts;
}

void Banks::access(uint32_t lane, uint32_t &cursor, uint32_t site,
                   uint32_t offset, uint32_t bytes) {
  // Lanes mostly execute the same sites in the same order.
  auto taken = [&](const Group &group) {
    return group.site == site && group.bytes == bytes &&
           !(group.lanes >> lane & 1);
  };
  size_t at = std::min<size_t>(cursor, groups.size());
  while (at < groups.size() && !taken(groups[at]))
    ++at;
  if (at == groups.size()) {
    if (groups.size() == mostGroups) {
      counted += meet();
      at = 0;
    }
    groups.push_back({site, bytes, 0, {}});
  }
  groups[at].lanes |= 1u << lane;
  groups[at].offsets[lane] = offset;
  cursor = at + 1;
}

uint64_t Banks::meet() {
  uint64_t conflicts = counted;
  counted = 0;
  for (const Group &group : groups)
    conflicts += bankConflicts(group.lanes, group.offsets, group.bytes);
  groups.clear();
  return conflicts;
}
