/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The regions of a thread block. A region is the memory that a pointer may
 * reach. The high 16 bits of a pointer are the number of its region, and the
 * low 48 bits are the address.
 */
#ifndef MOELORA_EMULATOR_REGIONS_H
#define MOELORA_EMULATOR_REGIONS_H

#include "Memory.h"

#include <cstring>
#include <map>
#include <vector>

namespace moelora::emulator {

struct Region {
  uintptr_t begin = 0;
  uint64_t bytes = 0;
  const Allocation *allocation = nullptr; ///< NULL for shared memory
};

constexpr uint32_t addressBits = 48;
constexpr uint32_t mostRegions = 1 << 16;

inline uintptr_t addressOf(const void *pointer) {
  return reinterpret_cast<uintptr_t>(pointer) &
         ((uintptr_t(1) << addressBits) - 1);
}
inline uint32_t regionOf(const void *pointer) {
  return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(pointer) >>
                               addressBits);
}
inline void *pointerTo(uintptr_t address, uint32_t region) {
  uintptr_t bits = address | uintptr_t(region) << addressBits;
  void *pointer;
  std::memcpy(&pointer, &bits, sizeof pointer);
  return pointer;
}

class Regions {
public:
  /// Removes all regions.
  void clear();
  /// The region of a number that is not 0, or NULL if there is none.
  const Region *get(uint32_t number) const {
    return number <= regions.size() ? &regions[number - 1] : nullptr;
  }
  /// Adds a region and returns its number. An equal region that was added
  /// before has the same number. Returns 0 if there are too many regions.
  uint32_t add(const Region &region);

private:
  std::vector<Region> regions; ///< number n is at index n - 1
  std::map<std::pair<uintptr_t, uint64_t>, uint32_t> numbers;
};

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_REGIONS_H
