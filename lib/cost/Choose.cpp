// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The time of a schedule, and the order of schedules.

#include "Work.h"

#include <algorithm>
#include <tuple>

namespace moelora::cost {
namespace {

std::vector<Launch> beforeDown(const Problem &problem,
                               const Schedule &schedule) {
  return schedule.strategy == Strategy::InPlace
             ? inPlaceBeforeDown(problem, schedule)
             : peerBeforeDown(problem, schedule);
}

std::vector<Launch> fromDown(const Problem &problem, const Schedule &schedule) {
  return schedule.strategy == Strategy::InPlace
             ? inPlaceFromDown(problem, schedule)
             : peerFromDown(problem, schedule);
}

std::vector<Tile> candidates(const Problem &problem, Strategy strategy,
                             int64_t columns) {
  if (strategy == Strategy::InPlace)
    return enumerateTiles(problem.gpu, columns);
  for (const Tile &tile : peerTiles(problem.batch.tokens))
    if (fits(problem.gpu, tile, columns))
      return {tile};
  return {};
}

/// One half of a schedule: what is before down, or the rest.
struct Half {
  Tile tile;
  bool separateShrink;
  double seconds;
  int64_t shared; ///< bytes of shared memory
};

std::vector<Half> halves(const Problem &problem, Strategy strategy,
                         int64_t columns, bool separateShrink,
                         std::vector<Launch> (*launches)(const Problem &,
                                                         const Schedule &)) {
  std::vector<Half> all;
  for (const Tile &tile : candidates(problem, strategy, columns)) {
    Estimate half;
    if (problem.rows > 0)
      half.launches = launches(problem, {strategy, tile, tile, separateShrink});
    all.push_back(
        {tile, separateShrink, half.seconds(), sharedBytes(tile, columns)});
  }
  return all;
}

} // namespace

double Estimate::seconds() const {
  double sum = 0;
  for (const Launch &launch : launches)
    sum += launch.seconds;
  return sum;
}

Estimate estimate(const Gpu &gpu, const LayerShape &layer, const Batch &batch,
                  const Schedule &schedule) {
  return estimate(gpu, layer, batch, schedule, expectedCounts(layer, batch));
}

Estimate estimate(const Gpu &gpu, const LayerShape &layer, const Batch &batch,
                  const Schedule &schedule, const Counts &counts) {
  Problem problem(gpu, layer, batch, counts);
  if (problem.rows <= 0)
    return {};
  Estimate whole{beforeDown(problem, schedule)};
  for (const Launch &launch : fromDown(problem, schedule))
    whole.launches.push_back(launch);
  return whole;
}

std::vector<Choice> choose(const Gpu &gpu, const LayerShape &layer,
                           const Batch &batch, Strategy strategy) {
  Problem problem(gpu, layer, batch, expectedCounts(layer, batch));
  auto first = halves(problem, strategy, layer.hidden, false, beforeDown);
  auto second = halves(problem, strategy, layer.intermediate, false, fromDown);
  if (strategy == Strategy::InPlace && batch.adapted())
    for (const Half &half :
         halves(problem, strategy, layer.hidden, true, beforeDown))
      first.push_back(half);

  // What orders a choice, and its number.
  std::vector<std::tuple<double, bool, int64_t, size_t>> order;
  std::vector<Choice> choices, ordered;
  for (const Half &a : first)
    for (const Half &b : second) {
      double seconds = a.seconds + b.seconds;
      order.emplace_back(seconds, a.separateShrink, a.shared + b.shared,
                         choices.size());
      choices.push_back(
          {{strategy, a.tile, b.tile, a.separateShrink}, seconds});
    }
  std::sort(order.begin(), order.end());
  for (const auto &key : order)
    ordered.push_back(choices[std::get<3>(key)]);
  return ordered;
}

} // namespace moelora::cost
