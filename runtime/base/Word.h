/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The bits of an id and of a word of a slot table's directory. No other file
 * depends on them.
 *
 *     id    bit 31: 0    generation    slot [indexBits]
 *     word  generation [24]    address / 256 [40]
 *
 * An id selects a slot if both have the same generation. Generations are not
 * used again: a slot that has had all of them takes no further adapter.
 */
#ifndef MOELORA_RUNTIME_WORD_H
#define MOELORA_RUNTIME_WORD_H

#include <algorithm>
#include <cstdint>

namespace moelora {

constexpr int wordAddressBits = 40;
/// Addresses are multiples of 2^8, and below 2^48.
constexpr int wordAddressShift = 8;
constexpr int mostGenerationBits = 24;

inline bool fitsWord(uint64_t address) {
  return address % (uint64_t(1) << wordAddressShift) == 0 &&
         address >> (wordAddressShift + wordAddressBits) == 0;
}

inline uint64_t wordOf(uint32_t generation, uint64_t address) {
  return uint64_t(generation) << wordAddressBits | address >> wordAddressShift;
}
inline uint32_t generationOfWord(uint64_t word) {
  return static_cast<uint32_t>(word >> wordAddressBits);
}
/// 0: nothing is published.
inline uint64_t addressOfWord(uint64_t word) {
  return (word & ((uint64_t(1) << wordAddressBits) - 1)) << wordAddressShift;
}

/// The number of bits that this number of slots needs, at least 1.
inline int indexBitsOf(int32_t slots) {
  int bits = 1;
  while (slots > 1 << bits)
    ++bits;
  return bits;
}
/// The number of generations of a slot.
inline uint32_t generationsOf(int indexBits) {
  return 1u << std::min(mostGenerationBits, 31 - indexBits);
}

inline int32_t makeId(uint32_t generation, int32_t slot, int indexBits) {
  return static_cast<int32_t>(generation << indexBits) | slot;
}
/// The id must not be negative.
inline int32_t slotOfId(int32_t id, int indexBits) {
  return id & ((1 << indexBits) - 1);
}
inline uint32_t generationOfId(int32_t id, int indexBits) {
  return static_cast<uint32_t>(id) >> indexBits;
}

} // namespace moelora

#endif // MOELORA_RUNTIME_WORD_H
