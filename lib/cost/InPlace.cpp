// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The launches of the strategy in which LoRA is added to the accumulators:
//
//   plan         sorts rows by expert and adapter; above 512 rows only, below
//                each thread block of the next launch does that for itself
//   shrink       u1 = s (A13 x), if there are adapters
//   gate_up      both projections, B13 u1, activation, partial sums of A2 a
//   shrink_down  u2 = s (A2 a), if it is not summed up from partial sums
//   down         projection, B2 u2, and the sum of each token's rows

#include "Work.h"

#include <algorithm>
#include <cmath>

namespace moelora::cost {
namespace {

bool hasPlan(const Problem &problem) { return problem.rows > 512; }

/// The work of every kernel that reads the plan.
Work planned(const Problem &problem) {
  Work work;
  addPlan(problem, work);
  return work;
}

/// The work of the first one.
Work firstPlanned(const Problem &problem) {
  Work work = planned(problem);
  if (!hasPlan(problem))
    work.latency = 0.7 * us;
  return work;
}

Launch plan(const Problem &problem) {
  constexpr double tileBytes = 16, segmentBytes = 16;
  // The address of A and of B, pages, scale and a flag of a projection, and
  // what they are made from.
  constexpr double pairBytes = 32 + 24;
  double projections = problem.up + 1;
  Work work;
  // A thread block scans all ids twice, to count and to place its rows.
  work.latency = std::max(1 * us, 1.8e-4 * us * problem.rows);
  // Each pair's id, row, and the pair and segment of that row; tokens' slots.
  work.stream((problem.rows * 4 + problem.tokens) * indexBytes);
  work.stream(problem.experts * tileBytes +
              problem.segments * (segmentBytes + projections * pairBytes));
  // Counters of down, which are set to zero. A tile has mostly 128 columns.
  double counters = std::ceil(problem.hidden / 128);
  work.stream(problem.tokens * counters * indexBytes);
  return launchOf(problem.gpu, "plan", work);
}

Launch shrink(const Problem &problem) {
  Work work = firstPlanned(problem);
  addShrink(problem, problem.up, problem.hidden, work);
  // x is gathered once more.
  work.l2Bytes += problem.elements(problem.rows * problem.hidden);
  addInput(problem, problem.hidden, /*gathers=*/true, work);
  return launchOf(problem.gpu, "shrink", work);
}

Launch gateUp(const Problem &problem, const Schedule &schedule) {
  Work work =
      problem.batch.adapted() ? planned(problem) : firstPlanned(problem);
  const LayerShape &layer = problem.layer;
  double features = problem.up * problem.intermediate;
  addGemm(problem, {schedule.gateUp, features, layer.hidden, true}, work);
  addInput(problem, problem.hidden, /*gathers=*/true, work);
  addOutput(problem, Output::Rounded, problem.intermediate, work);
  if (problem.batch.adapted()) {
    addExpand(problem, problem.up, features, work);
    if (!schedule.separateShrink)
      addPartials(problem, schedule.gateUp, work);
  }
  return launchOf(problem.gpu, "gate_up", work);
}

Launch shrinkDown(const Problem &problem) {
  Work work = planned(problem);
  addShrink(problem, 1, problem.intermediate, work);
  work.stream(problem.elements(problem.rows * problem.intermediate));
  return launchOf(problem.gpu, "shrink_down", work);
}

} // namespace

std::vector<Launch> inPlaceBeforeDown(const Problem &problem,
                                      const Schedule &schedule) {
  std::vector<Launch> launches;
  if (hasPlan(problem))
    launches.push_back(plan(problem));
  if (problem.batch.adapted())
    launches.push_back(shrink(problem));
  launches.push_back(gateUp(problem, schedule));
  if (problem.batch.adapted() && schedule.separateShrink)
    launches.push_back(shrinkDown(problem));
  return launches;
}

std::vector<Launch> inPlaceFromDown(const Problem &problem,
                                    const Schedule &schedule) {
  Work work = planned(problem);
  const LayerShape &layer = problem.layer;
  addGemm(problem, {schedule.down, problem.hidden, layer.intermediate, true},
          work);
  addInput(problem, problem.intermediate, /*gathers=*/false, work);
  addOutput(problem, Output::TokenSums, problem.hidden, work);
  if (problem.batch.adapted())
    addExpand(problem, 1, problem.hidden, work);
  return {launchOf(problem.gpu, "down", work)};
}

} // namespace moelora::cost
