// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random weights and adapters.

#include "Problem.h"

#include <algorithm>
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

namespace {

constexpr int32_t adapted[] = {MOELORA_GATE, MOELORA_UP, MOELORA_DOWN};

/// Where the parts of an image of one layer are, in its units.
class ImagePlan {
public:
  ImagePlan(const Shape &shape, int32_t rank)
      : shape(shape),
        pagesOfPair((rank + MOELORA_PAGE_RANKS - 1) / MOELORA_PAGE_RANKS) {
    take(MOELORA_PROJECTIONS * sizeof(uint32_t));
    for (int32_t projection : adapted)
      pairs[projection] = take(shape.experts * sizeof(moelora_pair));
    for (int32_t projection : adapted) {
      bool down = projection == MOELORA_DOWN;
      inBytes[projection] = bytesOf(down ? shape.intermediate : shape.hidden);
      outBytes[projection] = bytesOf(down ? shape.hidden : shape.intermediate);
      a[projection] = take(shape.experts * inBytes[projection]);
      b[projection] = take(shape.experts * outBytes[projection]);
    }
  }

  uint64_t bytes() const { return uint64_t(units) * MOELORA_IMAGE_UNIT; }

  /// Writes what describes the pages, which are there already.
  void describe(char *image) const {
    auto *finder = reinterpret_cast<uint32_t *>(image);
    std::fill_n(finder, MOELORA_PROJECTIONS, 0u);
    for (int32_t p : adapted) {
      finder[p] = pairs[p];
      auto *pair = reinterpret_cast<moelora_pair *>(
          image + uint64_t(pairs[p]) * MOELORA_IMAGE_UNIT);
      for (int64_t e = 0; e < shape.experts; ++e)
        pair[e] = {
            static_cast<uint32_t>(a[p] + e * inBytes[p] / MOELORA_IMAGE_UNIT),
            static_cast<uint32_t>(b[p] + e * outBytes[p] / MOELORA_IMAGE_UNIT),
            static_cast<uint16_t>(pagesOfPair), 0, 1.0f};
    }
  }

private:
  /// Of one matrix with so many elements in a rank.
  int64_t bytesOf(int64_t size) const {
    return pagesOfPair * MOELORA_PAGE_RANKS * size * int64_t(sizeof(uint16_t));
  }
  uint32_t take(int64_t bytes) {
    uint32_t first = units;
    units += static_cast<uint32_t>((bytes + MOELORA_IMAGE_UNIT - 1) /
                                   MOELORA_IMAGE_UNIT);
    return first;
  }

  const Shape &shape;
  const int64_t pagesOfPair;
  uint32_t units = 0;
  uint32_t pairs[MOELORA_PROJECTIONS], a[MOELORA_PROJECTIONS],
      b[MOELORA_PROJECTIONS];
  int64_t inBytes[MOELORA_PROJECTIONS], outBytes[MOELORA_PROJECTIONS];
};

} // namespace

Adapters::Adapters(const Shape &shape, int32_t count, int32_t rank) {
  ImagePlan plan(shape, rank);
  for (int32_t slot = 0; slot < count; ++slot) {
    images.emplace_back(static_cast<int64_t>(plan.bytes() / sizeof(uint16_t)),
                        100 + slot * 10);
    plan.describe(reinterpret_cast<char *>(images.back().data()));
    list.push_back(reinterpret_cast<uint64_t>(images.back().data()) /
                   MOELORA_WORD_ADDRESS_UNIT);
  }
}

const char *Adapters::image(int32_t slot) const {
  return reinterpret_cast<const char *>(images[slot].data());
}

const moelora_pair &Adapters::pair(int32_t slot, int32_t projection,
                                   int64_t expert) const {
  auto *finder = reinterpret_cast<const uint32_t *>(image(slot));
  return reinterpret_cast<const moelora_pair *>(
      pages(slot, finder[projection]))[expert];
}

const uint16_t *Adapters::pages(int32_t slot, uint32_t units) const {
  return reinterpret_cast<const uint16_t *>(
      image(slot) + uint64_t(units) * MOELORA_IMAGE_UNIT);
}

} // namespace moelora::bench
