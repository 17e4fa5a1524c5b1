// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sizes of a layer and of a batch, how many experts, segments and tiles a
// batch needs, and the floor of its time. The expectations are those of uniform
// routing: each token is routed to `topK` of the experts, all with the same
// probability, and adapters are distributed evenly over the tokens.
#ifndef MOELORA_COST_BATCH_H
#define MOELORA_COST_BATCH_H

#include "moelora/cost/Gpu.h"
#include "moelora/cost/Tile.h"

#include <cstdint>
#include <vector>

namespace moelora::cost {

/// The routed experts of a layer. All sizes are positive, and topK is at most
/// `experts`.
struct LayerShape {
  int64_t hidden, intermediate, experts, topK;
  double weightBytes = 2; ///< of one base weight, with its share of scales
  bool gated = true;      ///< gate and up projections, or up alone

  /// The projections from hidden to intermediate.
  int64_t upProjections() const { return gated ? 2 : 1; }
};

/// The tokens of one step. All of them have an adapter if `adapters` is not 0.
struct Batch {
  int64_t tokens;
  int64_t adapters = 0; ///< that are active
  int64_t rank = 0;     ///< of each adapter

  bool adapted() const { return adapters > 0 && rank > 0; }
};

/// What a batch reads.
struct Counts {
  double rows;     ///< (token, expert) combinations that are computed
  double experts;  ///< distinct experts
  double segments; ///< distinct (expert, adapter) combinations
};

/// The expected number of distinct experts to which tokens are routed.
double expectedExperts(const LayerShape &layer, int64_t tokens);

/// The expected number of segments, at most min(adapters, tokens) per expert.
double expectedSegments(const LayerShape &layer, int64_t tokens,
                        int64_t adapters);

Counts expectedCounts(const LayerShape &layer, const Batch &batch);

/// How many tiles of one kind the rows of all experts fill.
struct TileCount {
  Tile tile;
  double tiles; ///< for each tile of the features
};

/// The expected number of tiles, for each of `bodies`, which are in ascending
/// order of tokens. An expert fills tiles of the last body. The remainder of
/// its rows is in the smallest body that can hold it. `bodies` must not be
/// empty.
std::vector<TileCount> expectedTiles(const LayerShape &layer, int64_t tokens,
                                     const std::vector<Tile> &bodies);

/// The time of a layer without any overhead: each byte is read or written once,
/// at the GPU's bandwidth, or each product is computed at its peak; whichever
/// takes longer. The work of adapters is added to that of the base. In prefill,
/// where products limit the base and bytes limit the adapters, a kernel could
/// overlap them and take less.
struct Floor {
  double gateUp, down, lora; ///< seconds

  double seconds() const { return gateUp + down + lora; }
};

/// `counts` are expected or counted ones.
Floor floorOf(const Gpu &gpu, const LayerShape &layer, const Batch &batch,
              const Counts &counts);
Floor floorOf(const Gpu &gpu, const LayerShape &layer, const Batch &batch);

} // namespace moelora::cost

#endif // MOELORA_COST_BATCH_H
