// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random weights and adapters.

#include "Problem.h"

#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>
#include <utility>

namespace moelora::bench {

static constexpr uint64_t hugePage = 2u << 20;

/// One step of the splitmix64 generator (public domain, S. Vigna).
static uint64_t next(uint64_t &state) {
  uint64_t z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

Buffer::Buffer(int64_t count, uint64_t seed)
    : size((count * sizeof(uint16_t) + hugePage - 1) / hugePage * hugePage) {
  elements = static_cast<uint16_t *>(std::aligned_alloc(hugePage, size));
  if (!elements) {
    std::fprintf(stderr, "error: no memory for %llu bytes\n",
                 static_cast<unsigned long long>(size));
    std::exit(1);
  }
  madvise(elements, size, MADV_HUGEPAGE);
  for (uint64_t index = 0; index < size / sizeof(uint16_t); ++index) {
    // Sign and mantissa are random, the magnitude lies in [2^-6, 2^-4).
    uint64_t bits = next(seed);
    elements[index] = static_cast<uint16_t>((bits & 0x807f) |
                                            ((121 + ((bits >> 32) & 1)) << 7));
  }
}

Buffer::Buffer(Buffer &&other) noexcept
    : elements(std::exchange(other.elements, nullptr)),
      size(std::exchange(other.size, 0)) {}

Buffer &Buffer::operator=(Buffer &&other) noexcept {
  std::swap(elements, other.elements);
  std::swap(size, other.size);
  return *this;
}

Buffer::~Buffer() { std::free(elements); }

Weights::Weights(const Shape &shape)
    : router(shape.experts * shape.hidden, 1),
      gateUp(shape.experts * 2 * shape.intermediate * shape.hidden, 2),
      down(shape.experts * shape.hidden * shape.intermediate, 3) {}

void Adapters::addPairs(const Shape &shape, int32_t projection, int32_t rank,
                        uint64_t seed) {
  bool down = projection == MOELORA_DOWN;
  int64_t in = down ? shape.intermediate : shape.hidden;
  int64_t out = down ? shape.hidden : shape.intermediate;
  uint32_t count = (rank + MOELORA_PAGE_RANKS - 1) / MOELORA_PAGE_RANKS;
  int64_t ranks = count * MOELORA_PAGE_RANKS;
  pages.emplace_back(shape.experts * ranks * in, seed);
  const uint16_t *a = pages.back().data();
  pages.emplace_back(shape.experts * ranks * out, seed + 1);
  const uint16_t *b = pages.back().data();
  std::vector<moelora_pair> list(shape.experts);
  for (int64_t expert = 0; expert < shape.experts; ++expert)
    list[expert] = {a + expert * ranks * in,
                    b + expert * ranks * out,
                    count,
                    static_cast<uint32_t>(ranks),
                    1.0f,
                    0};
  pairs.push_back(std::move(list));
  layers.back().projection[projection] = pairs.back().data();
}

Adapters::Adapters(const Shape &shape, int32_t count, int32_t rank) {
  pairs.reserve(count * 3);
  layers.reserve(count);
  indices.reserve(count);
  for (int32_t slot = 0; slot < count; ++slot) {
    layers.push_back({});
    for (int32_t projection : {MOELORA_GATE, MOELORA_UP, MOELORA_DOWN})
      addPairs(shape, projection, rank, 100 + slot * 10 + projection);
    indices.push_back({1, 0, &layers.back()});
    entries.push_back(reinterpret_cast<uint64_t>(&indices.back()));
  }
}

moelora_directory Adapters::directory() const {
  return {entries.data(), nullptr, static_cast<int32_t>(entries.size()), 0};
}

} // namespace moelora::bench
