/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Shadow memory of an allocation.
 */
#include "GlobalShadow.h"

#include <algorithm>
#include <cstring>

using namespace moelora::emulator;

namespace {

constexpr uint64_t cellBytes = 4;

uint64_t ceilDivide(uint64_t a, uint64_t b) { return a / b + (a % b != 0); }

/// The mask of the bits of a range [begin, end) in byte `byte` of a bit array.
uint8_t bitsOf(uint64_t byte, uint64_t begin, uint64_t end) {
  uint64_t first = std::max(begin, byte * 8) - byte * 8;
  uint64_t last = std::min(end, byte * 8 + 8) - byte * 8;
  return static_cast<uint8_t>((0xFFu >> (8 - (last - first))) << first);
}

/// Mostly, the bits are set already, and then the load avoids a write that
/// would invalidate the cache line for the other workers.
void setBits(uint8_t &bits, uint8_t mask) {
  if ((__atomic_load_n(&bits, __ATOMIC_RELAXED) & mask) != mask)
    __atomic_fetch_or(&bits, mask, __ATOMIC_RELAXED);
}

void setRange(const ZeroArray<uint8_t> &bits, uint64_t begin, uint64_t end) {
  if (begin == end)
    return;
  for (uint64_t byte = begin / 8; byte <= (end - 1) / 8; ++byte)
    setBits(bits[byte], bitsOf(byte, begin, end));
}

/// Counts the bits of an array of whole words and sets them to 0. Most words
/// are 0. Launches that run at the same time may set other bits meanwhile.
uint64_t takeBits(const ZeroArray<uint8_t> &bits) {
  auto *words = reinterpret_cast<uint64_t *>(bits.begin());
  uint64_t count = 0;
  for (uint64_t i = 0; i < bits.size() / sizeof *words; ++i)
    if (__atomic_load_n(&words[i], __ATOMIC_RELAXED))
      count += __builtin_popcountll(
          __atomic_exchange_n(&words[i], 0, __ATOMIC_RELAXED));
  return count;
}

/// The size of a bit array for the sectors of `bytes` bytes, in bytes. It
/// consists of whole words of 64 bits.
uint64_t sectorArrayBytes(uint64_t bytes) {
  return ceilDivide(bytes, 64 * sectorBytes) * sizeof(uint64_t);
}

/// The last writer of 4 bytes, in one word, so that it is stored atomically.
struct Cell {
  static constexpr uint32_t timeBits = 20, blockBits = 24, launchBits = 16;
  static constexpr uint64_t latest = (1 << timeBits) - 1;

  uint64_t time : timeBits; ///< at most `latest`
  uint64_t mask : cellBytes;
  uint64_t block : blockBits;
  uint64_t launch : launchBits;
};
static_assert(sizeof(Cell) == sizeof(uint64_t));

} // namespace

GlobalShadow::GlobalShadow(uint64_t bytes)
    : written(ceilDivide(bytes, 8)), loaded(sectorArrayBytes(bytes)),
      stored(sectorArrayBytes(bytes)), writers(ceilDivide(bytes, cellBytes)) {}

void GlobalShadow::markWritten(uint64_t offset, uint64_t bytes) {
  // Copies from the host are long, so whole bytes of the array are stored.
  uint64_t end = offset + bytes, first = ceilDivide(offset, 8), last = end / 8;
  if (first >= last)
    return setRange(written, offset, end);
  setRange(written, offset, first * 8);
  for (uint64_t byte = first; byte < last; ++byte)
    __atomic_store_n(&written[byte], 0xFF, __ATOMIC_RELAXED);
  setRange(written, last * 8, end);
}

uint64_t GlobalShadow::countUnwritten(uint64_t offset, uint64_t bytes) const {
  if (!bytes)
    return 0;
  uint64_t end = offset + bytes, count = 0;
  for (uint64_t byte = offset / 8; byte <= (end - 1) / 8; ++byte) {
    uint8_t bits = __atomic_load_n(&written[byte], __ATOMIC_RELAXED);
    count += __builtin_popcount(bitsOf(byte, offset, end) & ~bits);
  }
  return count;
}

void GlobalShadow::touch(uint64_t offset, uint64_t bytes, bool store) {
  if (!touched.load(std::memory_order_relaxed))
    touched.store(true, std::memory_order_relaxed);
  const ZeroArray<uint8_t> &bits = store ? stored : loaded;
  setRange(bits, offset / sectorBytes,
           bytes ? (offset + bytes - 1) / sectorBytes + 1
                 : offset / sectorBytes);
}

GlobalShadow::Sectors GlobalShadow::takeSectors() {
  if (!touched.exchange(false))
    return {0, 0};
  return {takeBits(loaded), takeBits(stored)};
}

bool GlobalShadow::write(uint64_t offset, uint64_t bytes,
                         const GlobalWriter &writer) {
  bool unordered = false;
  uint64_t end = offset + bytes;
  for (uint64_t at = offset; at < end;) {
    uint64_t index = at / cellBytes, from = at % cellBytes;
    uint64_t to = std::min(end - index * cellBytes, cellBytes);
    uint64_t now = std::min(writer.now, Cell::latest);
    Cell mine = {now, ((1u << to) - 1) & ~((1u << from) - 1), writer.block,
                 writer.launch};
    uint64_t bits = __atomic_load_n(&writers[index], __ATOMIC_RELAXED);
    Cell last;
    std::memcpy(&last, &bits, sizeof last);
    bool sameLaunch = bits && last.launch == mine.launch;
    if (sameLaunch && last.block == mine.block)
      mine.mask |= last.mask;
    else if (sameLaunch && last.mask & mine.mask && last.time != Cell::latest)
      unordered |= last.time >= writer.lastAtomic;
    std::memcpy(&bits, &mine, sizeof bits);
    __atomic_store_n(&writers[index], bits, __ATOMIC_RELAXED);
    at = (index + 1) * cellBytes;
  }
  return unordered;
}
