// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The adapters of a case: what they adapt, and at which rank, differs by slot,
// projection, expert and slice.

#include "Data.h"

#include <algorithm>

namespace moelora::differential {

using reference::LoraPair;
using reference::MatrixView;

// Rank 16 fills a page, 33 and 64 take several.
static constexpr int64_t ranks[] = {0, 1, 3, 4, 8, 16, 33, 64};

MatrixView Data::makeMatrix(int64_t rows, int64_t columns, int64_t steps) {
  std::vector<double> &values = matrices.emplace_back(rows * columns);
  auto to = values.begin();
  for (int64_t row = 0; row < rows; ++row)
    for (double value : makeRow(columns, steps))
      *to++ = reference::roundTo(type, value);
  return {MOELORA_F64, values.data(), rows, columns, columns};
}

double Data::makeScale() {
  if (!c.exact)
    return float(random.real());
  return double(random.oneIn(2) ? sizes.scale : -sizes.scale);
}

LoraPair Data::makePair(int64_t in, int64_t out) {
  int64_t rank = ranks[random.below(std::size(ranks))];
  rank = std::min(rank, c.options.maxRank);
  if (rank == 0)
    return {};
  return {makeMatrix(rank, in, sizes.a), makeMatrix(out, rank, sizes.b),
          makeScale()};
}

LoraPair Data::withOtherB(const LoraPair &pair, int64_t out) {
  if (!pair.rank())
    return {};
  return {pair.a, makeMatrix(out, pair.rank(), sizes.b), pair.scale};
}

void Data::addGateUp(
    reference::Adapter &adapter,
    std::pair<moelora_projection, moelora_projection> projections,
    const moelora_activation &activation, int64_t count, int64_t in,
    int64_t out) {
  auto [gate, up] = projections;
  for (int64_t e = 0; e < count; ++e) {
    bool shares = e > 0 && c.options.sharesA;
    LoraPair pair =
        shares ? withOtherB(adapter.pairs[up].front(), out) : makePair(in, out);
    adapter.pairs[up].push_back(pair);
    if (!activation.gated)
      continue;
    LoraPair other = shares ? withOtherB(adapter.pairs[gate].front(), out)
                            : makePair(in, out);
    // A packed adapter has one A for both.
    if (!shares && pair.rank() && random.oneIn(3))
      other = withOtherB(pair, out);
    adapter.pairs[gate].push_back(other);
  }
}

reference::Adapter Data::makeAdapter() {
  const moelora_layer &layer = c.layer;
  int64_t hidden = layer.hidden, inner = layer.intermediate;
  int64_t outer = layer.latent ? layer.latent : hidden;
  reference::Adapter adapter;
  auto add = [&](moelora_projection projection, int64_t count, int64_t in,
                 int64_t out) {
    for (int64_t e = 0; e < count; ++e)
      adapter.pairs[projection].push_back(makePair(in, out));
  };
  int32_t experts = layer.router.experts - layer.zero_experts;
  if (!random.oneIn(oddities))
    addGateUp(adapter, {MOELORA_GATE, MOELORA_UP}, layer.activation, experts,
              outer, inner);
  if (!random.oneIn(oddities))
    add(MOELORA_DOWN, experts, inner, outer);
  if (random.oneIn(2))
    add(MOELORA_ROUTER, 1, hidden, layer.router.experts);
  if (layer.latent && !random.oneIn(3)) {
    add(MOELORA_LATENT_IN, 1, hidden, outer);
    add(MOELORA_LATENT_OUT, 1, outer, hidden);
  }
  if (layer.shared == 0)
    return adapter;
  addGateUp(adapter, {MOELORA_SHARED_GATE, MOELORA_SHARED_UP},
            layer.shared_activation, 1, hidden, layer.shared);
  add(MOELORA_SHARED_DOWN, 1, layer.shared, hidden);
  if (layer.shared_score)
    add(MOELORA_SHARED_SCORE, 1, hidden, 1);
  return adapter;
}

void Data::addAdapters() {
  for (int64_t slot = 0; slot < c.options.slots; ++slot) {
    if (random.oneIn(oddities)) {
      reference.adapters.push_back(nullptr);
      words.push_back(0);
      continue;
    }
    adapters.push_back(makeAdapter());
    reference.adapters.push_back(&adapters.back());
    words.push_back(1); // any image in generation 0
  }
}

} // namespace moelora::differential
