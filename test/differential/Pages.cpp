// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Pages.h"

namespace moelora::differential {

using reference::LoraPair;
using reference::store;

constexpr int64_t pageRanks = MOELORA_PAGE_RANKS;

void *Pages::allocate(int64_t elements, moelora_dtype type) {
  int64_t bytes = elements * int64_t(reference::bytesOf(type));
  return memory.emplace_back(bytes / sizeof(Line) + 1).data();
}

moelora_pair Pages::makePair(const LoraPair &pair, moelora_dtype type) {
  int64_t rank = pair.rank();
  if (rank == 0)
    return {};
  int64_t in = pair.a.columns, out = pair.b.rows;
  int64_t pages = (rank + pageRanks - 1) / pageRanks;
  void *a = allocate(pages * pageRanks * in, type);
  void *b = allocate(pages * pageRanks * out, type);
  for (int64_t r = 0; r < rank; ++r) {
    for (int64_t i = 0; i < in; ++i)
      store(type, a, r * in + i, pair.a.at(r, i));
    int64_t page = r / pageRanks;
    for (int64_t o = 0; o < out; ++o)
      store(type, b, (page * out + o) * pageRanks + r % pageRanks,
            pair.b.at(o, r));
  }
  return {a, b, uint32_t(pages), uint32_t(rank), float(pair.scale), 0};
}

/// An up that borrows the A of its gate says so.
static bool sharesA(const LoraPair &gate, const LoraPair &up) {
  return up.rank() > 0 && up.a.data == gate.a.data && up.scale == gate.scale;
}

Pages::Pages(const reference::Adapter &adapter, moelora_dtype type) {
  for (int p = 0; p < MOELORA_PROJECTIONS; ++p)
    for (const LoraPair &pair : adapter.pairs[p])
      pairs[p].push_back(makePair(pair, type));
  for (auto [gate, up] : {std::pair(MOELORA_GATE, MOELORA_UP),
                          std::pair(MOELORA_SHARED_GATE, MOELORA_SHARED_UP)})
    for (size_t e = 0; e < adapter.pairs[gate].size(); ++e)
      if (sharesA(adapter.pairs[gate][e], adapter.pairs[up][e])) {
        pairs[up][e].a = pairs[gate][e].a;
        pairs[up][e].shares_a = 1;
      }
  for (int p = 0; p < MOELORA_PROJECTIONS; ++p)
    layer.projection[p] = pairs[p].empty() ? nullptr : pairs[p].data();
  top = {1, 0, &layer};
}

} // namespace moelora::differential
