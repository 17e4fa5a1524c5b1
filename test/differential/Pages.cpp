// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Pages.h"

#include <cstdlib>
#include <cstring>

namespace moelora::differential {

using reference::LoraPair;
using reference::store;

constexpr int64_t pageRanks = MOELORA_PAGE_RANKS;
constexpr size_t unit = MOELORA_IMAGE_UNIT;

uint32_t Pages::append(size_t size) {
  size_t begin = (image.size() + unit - 1) / unit;
  image.resize(begin * unit + size);
  return uint32_t(begin);
}

/// The order of a matrix whose ranks are rows (A) or columns (B).
namespace {
struct Place {
  moelora_page_order order;
  int64_t features; // per rank

  /// Features of a page: whole blocks in the order of fragments.
  int64_t paddedFeatures() const {
    return order == MOELORA_PAGE_FRAGMENT_MAJOR
               ? (features + pageRanks - 1) / pageRanks * pageRanks
               : features;
  }
  int64_t inA(int64_t rank, int64_t feature) const {
    return order == MOELORA_PAGE_FRAGMENT_MAJOR
               ? inBlock(rank, feature, rank % pageRanks, feature % pageRanks)
               : rank * features + feature;
  }
  int64_t inB(int64_t rank, int64_t feature) const {
    return order == MOELORA_PAGE_FRAGMENT_MAJOR
               ? inBlock(rank, feature, feature % pageRanks, rank % pageRanks)
               : (rank / pageRanks * features + feature) * pageRanks +
                     rank % pageRanks;
  }

private:
  /// Lane 4 g + t has, of rows g and g + 8, the columns 2 t and 2 t + 1, and
  /// the same of the columns from 8 on.
  int64_t inBlock(int64_t rank, int64_t feature, int64_t row,
                  int64_t column) const {
    int64_t block =
        rank / pageRanks * (paddedFeatures() / pageRanks) + feature / pageRanks;
    int64_t lane = row % 8 * 4 + column % 8 / 2;
    int64_t element = column / 8 * 4 + row / 8 * 2 + column % 2;
    return (block * 32 + lane) * 8 + element;
  }
};
} // namespace

uint32_t Pages::appendMatrix(int64_t ranks, int64_t features) {
  return append(ranks * features * reference::bytesOf(type));
}

moelora_pair Pages::makePair(const LoraPair &pair) {
  int64_t rank = pair.rank();
  if (rank == 0)
    return {};
  Place in = {order, pair.a.columns}, out = {order, pair.b.rows};
  int64_t pages = (rank + pageRanks - 1) / pageRanks;
  uint32_t a = appendMatrix(pages * pageRanks, in.paddedFeatures());
  uint32_t b = appendMatrix(pages * pageRanks, out.paddedFeatures());
  for (int64_t r = 0; r < rank; ++r) {
    for (int64_t i = 0; i < in.features; ++i)
      store(type, &image[a * unit], in.inA(r, i), pair.a.at(r, i));
    for (int64_t o = 0; o < out.features; ++o)
      store(type, &image[b * unit], out.inB(r, o), pair.b.at(o, r));
  }
  return {a, b, uint16_t(pages), 0, float(pair.scale)};
}

/// An up that borrows the A of its gate says so.
static bool sharesA(const LoraPair &gate, const LoraPair &up) {
  return up.rank() > 0 && up.a.data == gate.a.data && up.scale == gate.scale;
}

/// The gate of an up; -1 for another projection.
static int gateOf(int projection) {
  return projection == MOELORA_UP          ? MOELORA_GATE
         : projection == MOELORA_SHARED_UP ? MOELORA_SHARED_GATE
                                           : -1;
}

static uint32_t *finderOf(std::vector<char> &image, int projection) {
  return reinterpret_cast<uint32_t *>(image.data()) +
         Pages::layer * MOELORA_PROJECTIONS + projection;
}

moelora_pair *Pages::find(std::vector<char> &image, int projection,
                          int64_t expert) {
  uint32_t pairs = *finderOf(image, projection);
  return pairs ? reinterpret_cast<moelora_pair *>(&image[pairs * unit]) + expert
               : nullptr;
}

void Pages::put(const reference::Adapter &adapter, int projection) {
  const std::vector<LoraPair> &all = adapter.pairs[projection];
  if (all.empty())
    return;
  uint32_t pairs = append(all.size() * sizeof(moelora_pair));
  *finderOf(image, projection) = pairs;
  for (size_t e = 0; e < all.size(); ++e) {
    moelora_pair pair = makePair(all[e]);
    int gate = gateOf(projection);
    if (gate >= 0 && e < adapter.pairs[gate].size() &&
        sharesA(adapter.pairs[gate][e], all[e])) {
      pair.a = find(image, gate, int64_t(e))->a;
      pair.flags = MOELORA_PAIR_SHARES_A;
    }
    *find(image, projection, int64_t(e)) = pair;
  }
}

Pages::Pages(const reference::Adapter &adapter, moelora_dtype type,
             moelora_page_order order)
    : type(type), order(order) {
  append((layer + 1) * MOELORA_PROJECTIONS * sizeof(uint32_t));
  // Nothing is at the places that the finders of other layers name.
  std::fill(image.data(), reinterpret_cast<char *>(finderOf(image, 0)),
            char(0xff));
  for (int p = 0; p < MOELORA_PROJECTIONS; ++p)
    put(adapter, p);
  constexpr size_t alignment = MOELORA_WORD_ADDRESS_UNIT;
  size_t whole = (image.size() + alignment - 1) / alignment * alignment;
  placed.reset(static_cast<char *>(std::aligned_alloc(alignment, whole)));
  std::memcpy(placed.get(), image.data(), image.size());
}

uint64_t Pages::word() const {
  return reinterpret_cast<uintptr_t>(placed.get()) / MOELORA_WORD_ADDRESS_UNIT;
}

} // namespace moelora::differential
