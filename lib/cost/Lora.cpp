// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The work of LoRA: A x in a kernel of its own, and B u and A2 a in the kernels
// of expert GEMMs.

#include "Work.h"

#include <algorithm>
#include <cmath>

namespace moelora::cost {

static constexpr double tokensPerGroup = 8, rowsPerWarp = 64, subCores = 4;

/// Row groups of 8 rows into which `runs` runs of rows are divided, each of
/// which begins a group of its own. The last group of a run is on average
/// filled by half.
static double groupsOf(double rows, double runs) {
  double half = (tokensPerGroup - 1) / 2;
  return std::max(runs, (rows + half * runs) / tokensPerGroup);
}

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

namespace {

/// Instructions and mma of LoRA for 64 rows of features and the rows that a
/// segment has in a row group; as compiled.
struct LoraCode {
  double instructions, instructionsPerPage, mmasPerPage;
};
} // namespace

static constexpr LoraCode expandCode = {55, 20, 4}, partialCode = {25, 24, 2};

static void addLora(const Problem &problem, const LoraCode &code,
                    double features, Work &work) {
  // Each segment after the first of an expert divides one more group.
  double parts = groupsOf(problem.rows, problem.experts) +
                 std::max(0.0, problem.segments - problem.experts);
  double times = parts * features / rowsPerWarp / subCores;
  work.cycles.tensor +=
      times * code.mmasPerPage * problem.pages * problem.gpu.mmaCycles;
  work.cycles.issue +=
      times * (code.instructions + code.instructionsPerPage * problem.pages);
}

void addExpand(const Problem &problem, double projections, double features,
               Work &work) {
  addLora(problem, expandCode, features, work);
  work.stream(problem.elements(problem.rank) *
              (problem.segments * features + projections * problem.rows));
  work.flops += 2 * problem.rows * double(problem.batch.rank) * features;
}

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

} // namespace moelora::cost
