// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Random.h"

#include "moelora/reference/Number.h"

#include <algorithm>

using namespace moelora::run;

/// SplitMix64's finalizer.
uint64_t moelora::run::mix(uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

namespace {

/// Every element is one of 2^16 values, so that rounding is a look-up.
constexpr int Values = 1 << 16;

/// Elements of one task; a multiple of the four that one hash gives.
constexpr int64_t Chunk = int64_t(1) << 20;

std::vector<char> makeTable(moelora_dtype type, Spread spread) {
  std::vector<char> table(Values * moelora::reference::bytesOf(type));
  for (int i = 0; i < Values; ++i)
    moelora::reference::store(type, table.data(), i,
                              spread.center + ((i + 0.5) / (Values / 2) - 1) *
                                                  spread.amplitude);
  return table;
}

template <typename Element>
void fill(const std::vector<char> &table, char *data, int64_t begin,
          int64_t end, uint64_t seed) {
  auto *values = reinterpret_cast<const Element *>(table.data());
  auto *elements = reinterpret_cast<Element *>(data);
  for (int64_t i = begin; i < end; i += 4) {
    uint64_t hash = mix(seed + uint64_t(i));
    int64_t most = std::min<int64_t>(4, end - i);
    for (int64_t j = 0; j < most; ++j)
      elements[i + j] = values[(hash >> (16 * j)) & (Values - 1)];
  }
}

} // namespace

void moelora::run::fillRandom(const moelora_services &services, void *data,
                              moelora_dtype type, int64_t count, Spread spread,
                              uint64_t seed) {
  std::vector<char> table = makeTable(type, spread);
  auto *bytes = static_cast<char *>(data);
  uint64_t stream = mix(seed);
  parallelFor(services, (count + Chunk - 1) / Chunk, [&](int64_t task) {
    int64_t begin = task * Chunk, end = std::min(begin + Chunk, count);
    if (moelora::reference::bytesOf(type) == 2)
      fill<uint16_t>(table, bytes, begin, end, stream);
    else
      fill<uint32_t>(table, bytes, begin, end, stream);
  });
}

std::vector<int32_t> moelora::run::randomIds(int64_t count, int32_t limit,
                                             uint64_t seed) {
  std::vector<int32_t> ids;
  for (int64_t i = 0; i < count; ++i)
    ids.push_back(int32_t(mix(mix(seed) + uint64_t(i)) % uint64_t(limit)));
  return ids;
}
