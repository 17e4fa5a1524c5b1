// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/reference/Random.h"

#include "moelora/reference/Number.h"

#include <algorithm>

namespace moelora::reference {
namespace {

/// Every element is one of 2^16 values, so that rounding is a look-up.
constexpr int Values = 1 << 16;

/// Elements of one task; a multiple of the four that one hash gives.
constexpr int64_t Chunk = int64_t(1) << 20;

/// Fills elements [begin, end) of an array; `data` is the place of the first.
template <typename Element>
void fillElements(const std::vector<char> &table, void *data, int64_t begin,
                  int64_t end, uint64_t stream) {
  auto *values = reinterpret_cast<const Element *>(table.data());
  auto *to = static_cast<Element *>(data);
  for (int64_t four = begin / 4 * 4; four < end; four += 4) {
    uint64_t hash = mix(stream + uint64_t(four));
    int64_t most = std::min<int64_t>(4, end - four);
    for (int64_t j = std::max<int64_t>(begin - four, 0); j < most; ++j)
      *to++ = values[(hash >> (16 * j)) & (Values - 1)];
  }
}

} // namespace

RandomValues::RandomValues(moelora_dtype type, moelora_dtype storage,
                           Spread spread)
    : elementBytes(bytesOf(storage)), table(Values * elementBytes) {
  for (int i = 0; i < Values; ++i) {
    double value =
        spread.center + ((i + 0.5) / (0.5 * Values) - 1) * spread.amplitude;
    store(storage, table.data(), i, roundTo(type, value));
  }
}

void RandomValues::fillPart(void *data, int64_t begin, int64_t end,
                            uint64_t stream) const {
  if (elementBytes == sizeof(uint16_t))
    fillElements<uint16_t>(table, data, begin, end, stream);
  else
    fillElements<uint32_t>(table, data, begin, end, stream);
}

void RandomValues::fillRange(void *data, int64_t first, int64_t count,
                             uint64_t seed) const {
  fillPart(data, first, first + count, mix(seed));
}

void RandomValues::fill(void *data, int64_t count, uint64_t seed) const {
  fillPart(data, 0, count, mix(seed));
}

void RandomValues::fill(const moelora_services &services, void *data,
                        int64_t count, uint64_t seed) const {
  struct Frame {
    const RandomValues &values;
    void *data;
    int64_t count;
    uint64_t stream;
  } frame = {*this, data, count, mix(seed)};
  services.parallel_for(
      services.context, (count + Chunk - 1) / Chunk,
      [](void *context, int64_t task, int64_t) {
        auto &frame = *static_cast<const Frame *>(context);
        int64_t begin = task * Chunk;
        frame.values.fillPart(static_cast<char *>(frame.data) +
                                  uint64_t(begin) * frame.values.elementBytes,
                              begin, std::min(begin + Chunk, frame.count),
                              frame.stream);
      },
      &frame);
}

void fillRandom(const moelora_services &services, void *data,
                moelora_dtype type, int64_t count, Spread spread,
                uint64_t seed) {
  RandomValues(type, type, spread).fill(services, data, count, seed);
}

std::vector<int32_t> randomIds(int64_t count, int32_t limit, uint64_t seed) {
  std::vector<int32_t> ids;
  ids.reserve(size_t(count));
  for (int64_t i = 0; i < count; ++i)
    ids.push_back(int32_t(mix(mix(seed) + uint64_t(i)) % uint64_t(limit)));
  return ids;
}

} // namespace moelora::reference
