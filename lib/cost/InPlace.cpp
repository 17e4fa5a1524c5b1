// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The launches of the strategy in which LoRA is added to the accumulators:
//
//   plan         sorts rows by expert and adapter; above 512 rows only, below
//                each thread block finds its tile itself
//   shrink       u1 = s (A13 x), if there are adapters
//   gate_up      both projections, B13 u1, activation, partial sums of A2 a
//   shrink_down  u2 = s (A2 a), if it is not summed up from partial sums
//   down         projection, B2 u2, and the sum of each token's rows

#include "Work.h"

#include <algorithm>
#include <cmath>

namespace moelora::cost {
namespace {

// Of the plan: a row's token and router weight, a segment's entry (expert,
// rows, the addresses of its pages, rank, scale).
constexpr double rowBytes = 8, segmentBytes = 32;
constexpr double tokensPerGroup = 8, rowsPerWarp = 64, subCores = 4;

bool hasPlan(const Problem &problem) { return problem.rows > 512; }

/// The work of every kernel that reads the plan.
Work planned(const Problem &problem) {
  Work work;
  work.latency = hasPlan(problem) ? 0 : 0.7 * us; // to find a tile
  work.stream(problem.rows * rowBytes + problem.segments * segmentBytes);
  return work;
}

/// Row groups of 8 rows into which `runs` runs of rows are divided, each of
/// which begins a group of its own. The last group of a run is on average
/// filled by half.
double groupsOf(double rows, double runs) {
  double half = (tokensPerGroup - 1) / 2;
  return std::max(runs, (rows + half * runs) / tokensPerGroup);
}

Launch plan(const Problem &problem) {
  Work work;
  // A thread block scans all ids twice, to count and to place its rows.
  work.latency = std::max(1 * us, 1.8e-4 * us * problem.rows);
  work.stream(problem.rows * (2 * indexBytes + rowBytes) +
              problem.segments * segmentBytes);
  return launchOf(problem.gpu, "plan", work);
}

/// `A x` for this number of projections that read the same rows, each of which
/// has so many columns.
void addShrink(const Problem &problem, double projections, double columns,
               Work &work) {
  // An mma, its two fragments and an address.
  constexpr double instructions = 4;
  double mmas = groupsOf(problem.rows, problem.segments) * projections *
                problem.pages * std::ceil(columns / 16);
  work.cycles.tensor += mmas * problem.gpu.mmaCycles / subCores;
  work.cycles.issue += mmas * instructions / subCores;
  work.stream(problem.elements(projections * problem.rank) *
              (problem.segments * columns + problem.rows));
  work.flops +=
      2 * problem.rows * projections * double(problem.batch.rank) * columns;
  work.least = 1 * us; // two dependent look-ups, and the reading of A
  work.tail = work.least / 2;
}

Launch shrink(const Problem &problem) {
  Work work = planned(problem);
  addShrink(problem, problem.up, problem.hidden, work);
  // x is gathered once more.
  double gathered = problem.elements(problem.rows * problem.hidden);
  work.l2Bytes += gathered;
  work.bytes += problem.reread(
      problem.elements(problem.tokens * problem.hidden), gathered);
  return launchOf(problem.gpu, "shrink", work);
}

/// Instructions and mma of LoRA for 64 rows of features and the rows that a
/// segment has in a row group; as compiled.
struct LoraCode {
  double instructions, instructionsPerPage, mmasPerPage;
};
constexpr LoraCode expandCode = {55, 20, 4}, partialCode = {25, 24, 2};

void addLora(const Problem &problem, const LoraCode &code, double features,
             Work &work) {
  // Each segment after the first of an expert divides one more group.
  double parts = groupsOf(problem.rows, problem.experts) +
                 std::max(0.0, problem.segments - problem.experts);
  double times = parts * features / rowsPerWarp / subCores;
  work.cycles.tensor +=
      times * code.mmasPerPage * problem.pages * problem.gpu.mmaCycles;
  work.cycles.issue +=
      times * (code.instructions + code.instructionsPerPage * problem.pages);
}

/// Adds B u: pages of B of this number of features, of `projections` in all.
void addExpand(const Problem &problem, double projections, double features,
               Work &work) {
  addLora(problem, expandCode, features, work);
  work.stream(problem.elements(problem.rank) *
              (problem.segments * features + projections * problem.rows));
  work.flops += 2 * problem.rows * double(problem.batch.rank) * features;
}

/// Adds the partial sums of A2 a: each tile of features writes f32 sums, which
/// the last one to end reads.
void addPartials(const Problem &problem, const Tile &tile, Work &work) {
  double features = problem.up * problem.intermediate;
  double parts = std::ceil(features / double(tile.features));
  addLora(problem, partialCode, features, work);
  work.stream(2 * f32Bytes * problem.rows * problem.rank * parts);
  work.stream(problem.elements(problem.rank) *
              (problem.segments * problem.intermediate + problem.rows));
  work.flops +=
      2 * problem.rows * double(problem.batch.rank) * problem.intermediate;
}

Launch gateUp(const Problem &problem, const Schedule &schedule) {
  Work work = planned(problem);
  const LayerShape &layer = problem.layer;
  double x = problem.elements(problem.hidden);
  double features = problem.up * problem.intermediate;
  addGemm(problem, {schedule.gateUp, features, layer.hidden, true}, work);
  work.bytes += problem.reread(problem.tokens * x, problem.rows * x);
  work.stream(problem.elements(problem.rows * problem.intermediate));
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
  work.bytes += problem.elements(problem.rows * problem.intermediate);
  // f32 rows are written, and read for the sum of each token.
  double rows = f32Bytes * problem.rows * problem.hidden;
  work.l2Bytes += 2 * rows;
  work.bytes += 2 * problem.spilled(rows);
  work.stream(problem.elements(problem.tokens * problem.hidden));
  if (problem.batch.adapted())
    addExpand(problem, 1, problem.hidden, work);
  return {launchOf(problem.gpu, "down", work)};
}

} // namespace moelora::cost
