// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The launches of today's serving engines, as vLLM 0.33 has them:
//
//   align, count  sort rows by expert; above 16 tokens
//   gate_up       both projections, rounded
//   lora_align    sorts rows by adapter as well; two launches above 16 tokens
//   gate_up_lora  adds B (A x) to the rounded rows
//   activation
//   down          the projection, rounded
//   down_lora
//   sum           adds up the rows of each token
//
// A LoRA kernel does A x and then B u without overlapping a load with anything,
// so that the sum of its latencies is what it costs for few rows.

#include "Work.h"

#include <algorithm>
#include <cmath>

namespace moelora::cost {
namespace {

bool isAligned(const Problem &problem) { return problem.batch.tokens > 16; }

Launch align(const Problem &problem, const char *name) {
  Work work;
  work.least = 2 * us; // two dependent passes over the ids
  work.stream(2 * indexBytes * problem.rows);
  return launchOf(problem.gpu, name, work);
}

/// A kernel that only moves activations, which the L2 cache may still have.
Launch elementwise(const Problem &problem, const char *name, double bytes) {
  Work work;
  work.least = memoryLatency;
  work.l2Bytes = work.touched = bytes;
  work.bytes = problem.spilled(bytes);
  return launchOf(problem.gpu, name, work);
}

Launch gemm(const Problem &problem, const char *name, const Gemm &gemm,
            double activationBytes) {
  Work work;
  addGemm(problem, gemm, work);
  work.stream(activationBytes);
  return launchOf(problem.gpu, name, work);
}

/// B (A x), added to the rows of `projections` projections that read the same
/// rows.
Launch lora(const Problem &problem, const char *name, double projections,
            double columns, double features) {
  Work work;
  double rows = problem.rows, pages = problem.pages;
  double input = problem.elements(projections * rows * columns);
  work.stream(problem.elements(projections * problem.segments * problem.rank *
                               (columns + features)));
  work.l2Bytes += input;
  work.bytes += problem.spilled(input);
  work.touched += problem.elements(rows * columns);
  work.stream(2 * problem.elements(projections * rows * features));
  work.flops = 2 * rows * projections * double(problem.batch.rank) *
               (columns + features);
  // By instruction counts and latencies of the compiled kernel: 128 columns of
  // A or features of B a step, with 4 thread blocks an SM, or 2 for large
  // tiles.
  double start = 1.7 * us, shrinkStep = (0.44 + 0.19 * pages) * us,
         expandStep = (0.43 + 0.07 * pages) * us;
  double resident = problem.batch.tokens < 1024 ? 4 : 2;
  double tileRows = double(peerTiles(problem.batch.tokens).front().tokens);
  double blocks = projections * std::max(problem.segments, rows / tileRows);
  double waves = std::max(1.0, blocks / (double(problem.gpu.sms) * resident));
  double block = start + std::ceil(columns / 128) * shrinkStep +
                 std::ceil(features / 128) * expandStep;
  work.least = waves * block;
  work.tail = block / 2;
  return launchOf(problem.gpu, name, work);
}

} // namespace

std::vector<Tile> peerTiles(int64_t tokens) {
  if (tokens <= 16)
    return {{64, 16, 64, 4, 1, 4}};
  if (tokens <= 64)
    return {{256, 16, 64, 8, 1, 2}};
  if (tokens <= 256)
    return {{256, 32, 64, 4, 1, 2}};
  return {{256, 128, 64, 4, 2, 3}, {128, 128, 64, 2, 4, 3}};
}

std::vector<Launch> peerBeforeDown(const Problem &problem,
                                   const Schedule &schedule) {
  const LayerShape &layer = problem.layer;
  double features = problem.up * problem.intermediate;
  std::vector<Launch> launches;
  if (isAligned(problem)) {
    launches.push_back(align(problem, "align"));
    launches.push_back(align(problem, "count"));
  }
  launches.push_back(gemm(problem, "gate_up",
                          {schedule.gateUp, features, layer.hidden, false},
                          problem.elements(problem.tokens * problem.hidden +
                                           problem.rows * features)));
  if (problem.batch.adapted()) {
    launches.push_back(align(problem, "lora_align"));
    if (isAligned(problem))
      launches.push_back(align(problem, "lora_count"));
    launches.push_back(lora(problem, "gate_up_lora", problem.up, problem.hidden,
                            problem.intermediate));
  }
  launches.push_back(elementwise(
      problem, "activation",
      problem.elements(problem.rows * (features + problem.intermediate))));
  return launches;
}

std::vector<Launch> peerFromDown(const Problem &problem,
                                 const Schedule &schedule) {
  const LayerShape &layer = problem.layer;
  double hidden = problem.hidden;
  std::vector<Launch> launches = {
      gemm(problem, "down", {schedule.down, hidden, layer.intermediate, false},
           problem.elements(problem.rows * (problem.intermediate + hidden)))};
  if (problem.batch.adapted())
    launches.push_back(
        lora(problem, "down_lora", 1, problem.intermediate, hidden));
  launches.push_back(
      elementwise(problem, "sum",
                  problem.elements((problem.rows + problem.tokens) * hidden)));
  return launches;
}

} // namespace moelora::cost
