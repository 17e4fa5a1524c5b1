// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Estimates how long a Mixture-of-Experts layer with LoRA takes on a GPU,
// launch by launch, and orders tiles by these estimates. Tokens are routed
// uniformly, and adapters are distributed uniformly over tokens.
// `lib/cost/README.md` explains the terms.
#ifndef MOELORA_COST_COST_H
#define MOELORA_COST_COST_H

#include "moelora/cost/Batch.h"
#include "moelora/cost/Gpu.h"
#include "moelora/cost/Tile.h"

#include <vector>

namespace moelora::cost {

/// How a layer is divided into launches.
enum class Strategy {
  InPlace,    ///< LoRA is added to the accumulators of the expert GEMMs
  UnfusedPeer ///< the launches of today's serving engines, with their tiles
};

/// What limits a launch most.
enum class Limiter { Bandwidth, L2, Tensor, SharedMemory, Issue, Latency };

struct Launch {
  const char *name;
  double bytes;   ///< from and to device memory
  double touched; ///< bytes at distinct addresses that it reads and writes, if
                  ///< only in the L2 cache
  double flops;   ///< of the definition, without padding
  double seconds; ///< including the gap before it
  Limiter limiter;
};

struct Estimate {
  std::vector<Launch> launches; ///< none if there are no rows

  double seconds() const;
};

/// The decisions that the model compares.
struct Schedule {
  Strategy strategy = Strategy::InPlace;
  Tile gateUp, down;
  /// `A x` of the down projection is a launch of its own, instead of partial
  /// sums per tile of gate_up. Only for InPlace.
  bool separateShrink = false;
};

/// The time of a layer. It is infinite if a tile does not fit on the GPU.
Estimate estimate(const Gpu &gpu, const LayerShape &layer, const Batch &batch,
                  const Schedule &schedule);
/// The same for the rows, experts and segments of a batch that were counted.
/// Only the number of tiles is the expected one.
Estimate estimate(const Gpu &gpu, const LayerShape &layer, const Batch &batch,
                  const Schedule &schedule, const Counts &counts);

struct Choice {
  Schedule schedule;
  double seconds;
};

/// All schedules of a strategy, the fastest first. Among equally fast ones, the
/// order is: partial sums before a separate shrink, less shared memory (of
/// gate_up and down together), and then the order of `enumerateTiles`, of
/// gate_up's tile and then of down's. Empty if no tile fits.
std::vector<Choice> choose(const Gpu &gpu, const LayerShape &layer,
                           const Batch &batch,
                           Strategy strategy = Strategy::InPlace);

} // namespace moelora::cost

#endif // MOELORA_COST_COST_H
