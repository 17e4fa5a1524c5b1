// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What one launch has to do, and the time that it takes.
#ifndef MOELORA_LIB_COST_WORK_H
#define MOELORA_LIB_COST_WORK_H

#include "moelora/cost/Cost.h"
#include "moelora/cost/Kernel.h"

#include <limits>
#include <vector>

namespace moelora::cost {

constexpr double us = 1e-6;
constexpr double elementBytes = 2; ///< of an activation or adapter weight
constexpr double f32Bytes = 4;
constexpr double indexBytes = 4;
/// From the request for a line of device memory to its arrival under load:
/// about 1000 cycles. It is also the least time of a kernel that reads
/// something.
constexpr double memoryLatency = 0.6 * us;

/// The sizes of a layer and a batch, for arithmetic.
struct Problem {
  Problem(const Gpu &gpu, const LayerShape &layer, const Batch &batch,
          const Counts &counts);

  const Gpu &gpu;
  const LayerShape &layer;
  const Batch &batch;
  double tokens, hidden, intermediate;
  double up;                      ///< projections from hidden to intermediate
  double rows, experts, segments; ///< expected or counted
  double pages;                   ///< of 16 ranks
  double rank;                    ///< rounded up to pages

  double elements(double number) const { return number * elementBytes; }
  /// Bytes to device memory and back of data that the next kernel reads soon:
  /// 0 if the L2 cache can keep them beside the weights that stream through it.
  double spilled(double bytes) const {
    return bytes > gpu.l2Bytes / 2 ? bytes : 0;
  }
  /// Bytes of device memory for reading `distinct` bytes repeatedly, `all` in
  /// total.
  double reread(double distinct, double all) const {
    return spilled(distinct) > 0 ? all : distinct;
  }
};

struct Work {
  double bytes = 0, l2Bytes = 0, flops = 0;
  double touched = 0; ///< bytes at distinct addresses
  Cycles cycles;      ///< of all SMs
  double latency = 0; ///< before the work begins
  double least = 0;   ///< seconds, if nothing but latencies counted
  double tail = 0;    ///< seconds while the last thread blocks end
  double underWay = std::numeric_limits<double>::infinity(); ///< bytes, at most

  /// Adds bytes that are read or written once.
  void stream(double number) {
    bytes += number;
    l2Bytes += number;
    touched += number;
  }
};

/// An expert GEMM over all rows. Adds reading weights, but not what it does
/// with activations in device memory.
struct Gemm {
  const Tile &tile;
  double features;
  int64_t columns;
  bool bodies; ///< whether the kernel has bodies for fewer tokens
};
void addGemm(const Problem &problem, const Gemm &gemm, Work &work);

/// Reading the plan.
void addPlan(const Problem &problem, Work &work);

/// What a kernel reads and writes of the activations in device memory. Rows are
/// gathered from those of the tokens, or there is one for each pair.
void addInput(const Problem &problem, double columns, bool gathers, Work &work);
void addOutput(const Problem &problem, Output output, double features,
               Work &work);

/// `A x` for this number of projections that read the same rows, each of which
/// has so many columns.
void addShrink(const Problem &problem, double projections, double columns,
               Work &work);
/// Adds B u: pages of B of this number of features, of `projections` in all.
void addExpand(const Problem &problem, double projections, double features,
               Work &work);
/// Adds the partial sums of A2 a: each tile of features writes f32 sums, which
/// the last one to end reads.
void addPartials(const Problem &problem, const Tile &tile, Work &work);

Launch launchOf(const Gpu &gpu, const char *name, const Work &work);

/// The launches before down, and those from down on: no tile affects both.
std::vector<Launch> inPlaceBeforeDown(const Problem &problem,
                                      const Schedule &schedule);
std::vector<Launch> inPlaceFromDown(const Problem &problem,
                                    const Schedule &schedule);
std::vector<Launch> peerBeforeDown(const Problem &problem,
                                   const Schedule &schedule);
std::vector<Launch> peerFromDown(const Problem &problem,
                                 const Schedule &schedule);

/// The tiles of today's serving engines for this number of tokens, the usual
/// one first.
std::vector<Tile> peerTiles(int64_t tokens);

} // namespace moelora::cost

#endif // MOELORA_LIB_COST_WORK_H
