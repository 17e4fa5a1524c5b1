// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The time of a launch.

#include "Work.h"

#include <algorithm>
#include <cmath>

namespace moelora::cost {

// The share of the bandwidth that a kernel reaches which only streams: that of
// tuned GEMMs on H200 at 64 to 512 tokens.
static constexpr double bandwidthShare = 0.92;
// The share of a part of an SM that a pipelined main loop keeps busy, with the
// beginning and the end of tiles.
static constexpr double pipelineShare = 0.9;

Problem::Problem(const Gpu &gpu, const LayerShape &layer, const Batch &batch,
                 const Counts &counts)
    : gpu(gpu), layer(layer), batch(batch), tokens(double(batch.tokens)),
      hidden(double(layer.hidden)), intermediate(double(layer.intermediate)),
      up(double(layer.upProjections())) {
  rows = counts.rows;
  experts = counts.experts;
  segments = counts.segments;
  pages = batch.adapted() ? std::ceil(double(batch.rank) / 16) : 0;
  rank = 16 * pages;
}

void addGemm(const Problem &problem, const Gemm &gemm, Work &work) {
  const Tile &tile = gemm.tile;
  const Gpu &gpu = problem.gpu;
  double weightBytes = problem.layer.weightBytes;
  int64_t resident = residentBlocks(gpu, tile, gemm.columns);
  if (resident == 0) {
    work.latency = std::numeric_limits<double>::infinity();
    return;
  }
  double columns = double(gemm.columns);
  double featureTiles = std::ceil(gemm.features / double(tile.features));
  double arrival = memoryLatency / double(tile.stages - 1);
  double steps = double(stepsOf(tile, gemm.columns)), tiles = 0, alone = 0;
  auto bodies = gemm.bodies ? tileBodies(tile) : std::vector<Tile>{tile};
  for (const TileCount &count :
       expectedTiles(problem.layer, problem.batch.tokens, bodies)) {
    double number = count.tiles * featureTiles;
    Cycles step = cyclesPerStep(gpu, count.tile);
    work.cycles = work.cycles + number * steps * step;
    work.l2Bytes += number * columns *
                    (double(tile.features) * weightBytes +
                     problem.elements(double(count.tile.tokens)));
    tiles += number;
    alone += number * steps * std::max(step.most() / gpu.clock, arrival);
  }
  work.least = tiles > 0 ? memoryLatency + alone / tiles : 0;
  work.tail = work.least / 2; // on average
  work.underWay = std::min(tiles, double(gpu.sms * resident)) *
                  double((tile.stages - 1) * stageBytes(tile));
  double weights = problem.experts * gemm.features * columns * weightBytes;
  work.bytes += weights;
  work.touched += weights;
  work.flops += 2 * problem.rows * gemm.features * columns;
}

void addPlan(const Problem &problem, Work &work) {
  // A row's token and router weight, a segment's entry (expert, rows, the
  // addresses of its pages, rank, scale).
  constexpr double rowBytes = 8, segmentBytes = 32;
  work.stream(problem.rows * rowBytes + problem.segments * segmentBytes);
}

void addInput(const Problem &problem, double columns, bool gathers,
              Work &work) {
  double all = problem.elements(problem.rows * columns);
  double distinct = gathers ? problem.elements(problem.tokens * columns) : all;
  work.bytes += gathers ? problem.reread(distinct, all) : all;
  work.touched += distinct;
}

void addOutput(const Problem &problem, Output output, double features,
               Work &work) {
  double f32Rows = f32Bytes * problem.rows * features;
  switch (output) {
  case Output::Rounded:
    return work.stream(problem.elements(problem.rows * features));
  case Output::F32:
    return work.stream(f32Rows);
  case Output::TokenSums:
    // f32 rows are written, and read for the sum of each token.
    work.l2Bytes += 2 * f32Rows;
    work.bytes += 2 * problem.spilled(f32Rows);
    work.touched += 2 * f32Rows;
    work.stream(problem.elements(problem.tokens * features));
  }
}

Launch launchOf(const Gpu &gpu, const char *name, const Work &work) {
  // By Little's law, the bytes under way limit the bandwidth.
  double bandwidth =
      std::min(bandwidthShare * gpu.bandwidth, work.underWay / memoryLatency);
  double rate = double(gpu.sms) * gpu.clock * pipelineShare;
  struct {
    Limiter limiter;
    double seconds;
  } limits[] = {
      {Limiter::Bandwidth, work.bytes > 0 ? work.bytes / bandwidth : 0},
      {Limiter::L2, work.l2Bytes / gpu.l2Bandwidth},
      {Limiter::Tensor, work.cycles.tensor / rate},
      {Limiter::SharedMemory, work.cycles.sharedMemory / rate},
      {Limiter::Issue, work.cycles.issue / rate}};
  auto largest = *std::max_element(
      std::begin(limits), std::end(limits),
      [](const auto &a, const auto &b) { return a.seconds < b.seconds; });
  double seconds = gpu.launchSeconds + work.latency +
                   std::max(work.least, largest.seconds + work.tail);
  bool waits = largest.seconds < seconds / 2;
  return {name,       work.bytes, work.touched,
          work.flops, seconds,    waits ? Limiter::Latency : largest.limiter};
}

} // namespace moelora::cost
