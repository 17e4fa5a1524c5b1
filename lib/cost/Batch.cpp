// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How many experts, segments and tiles a batch needs, and the floor of its
// time.

#include "moelora/cost/Batch.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace moelora::cost {

/// The probability that a token is routed to an expert.
static double hitProbability(const LayerShape &layer) {
  return layer.experts < 1
             ? 0
             : std::clamp(double(layer.topK) / double(layer.experts), 0.0, 1.0);
}

/// The expected number of experts that at least one of the tokens hits, with
/// E (1 - (1 - k/E)^tokens) in a form that is exact for small k/E.
static double expertsHit(const LayerShape &layer, double tokens) {
  double hit = hitProbability(layer);
  if (tokens <= 0 || hit == 0)
    return 0;
  return double(layer.experts) * -std::expm1(tokens * std::log1p(-hit));
}

double expectedExperts(const LayerShape &layer, int64_t tokens) {
  return expertsHit(layer, double(tokens));
}

double expectedSegments(const LayerShape &layer, int64_t tokens,
                        int64_t adapters) {
  double used = double(std::min(adapters, tokens));
  return used <= 0 ? 0 : used * expertsHit(layer, double(tokens) / used);
}

Counts expectedCounts(const LayerShape &layer, const Batch &batch) {
  double tokens = double(std::max<int64_t>(batch.tokens, 0));
  int64_t adapters = batch.adapted() ? batch.adapters : 0;
  return {tokens * hitProbability(layer) * double(layer.experts),
          expectedExperts(layer, batch.tokens),
          expectedSegments(layer, batch.tokens, adapters)};
}

namespace {

/// Calls visit(n, p) for the numbers n of rows of an expert that are not very
/// unlikely; p is the probability of n, divided by that of the likeliest
/// number. It is computed from there outwards, so that nothing underflows. If
/// `hit` is 1, the odds are infinite, and only n = tokens is visited.
template <typename Visit>
void visitRows(int64_t tokens, double hit, Visit visit) {
  constexpr double unlikely = 1e-15;
  double odds = hit / (1 - hit);
  auto mode = std::min(tokens, int64_t((double(tokens) + 1) * hit));
  double p = 1;
  for (int64_t n = mode; n >= 0 && p > unlikely; --n) {
    visit(n, p);
    p *= double(n) / (double(tokens - n + 1) * odds);
  }
  p = 1;
  for (int64_t n = mode; n < tokens;) {
    p *= double(tokens - n) / double(n + 1) * odds;
    if (p <= unlikely)
      break;
    visit(++n, p);
  }
}

/// Sums up tiles for numbers of rows and their weights.
class TileCounter {
public:
  explicit TileCounter(const std::vector<Tile> &bodies) {
    for (const Tile &body : bodies)
      counts.push_back({body, 0});
  }

  void add(double fullTiles, int64_t remainder, double weight) {
    counts.back().tiles += weight * fullTiles;
    total += weight;
    for (TileCount &count : counts)
      if (remainder > 0 && remainder <= count.tile.tokens) {
        count.tiles += weight;
        return;
      }
  }

  std::vector<TileCount> counted(double experts) {
    for (TileCount &count : counts)
      count.tiles = total > 0 ? count.tiles * experts / total : 0;
    return std::move(counts);
  }

private:
  std::vector<TileCount> counts;
  double total = 0;
};

} // namespace

std::vector<TileCount> expectedTiles(const LayerShape &layer, int64_t tokens,
                                     const std::vector<Tile> &bodies) {
  TileCounter counter(bodies);
  int64_t size = bodies.back().tokens;
  double hit = hitProbability(layer), mean = double(tokens) * hit;
  if (tokens <= 0 || hit == 0)
    return counter.counted(0);
  // If the number of rows varies by many tiles, all remainders are equally
  // likely. This also limits the length of the other loop.
  if (std::sqrt(mean * (1 - hit)) > 4 * double(size))
    for (int64_t remainder = 0; remainder < size; ++remainder)
      counter.add((mean - double(size - 1) / 2) / double(size), remainder, 1);
  else
    visitRows(tokens, hit, [&](int64_t rows, double weight) {
      int64_t fullTiles = rows / size;
      counter.add(double(fullTiles), rows % size, weight);
    });
  return counter.counted(double(layer.experts));
}

Floor floorOf(const Gpu &gpu, const LayerShape &layer, const Batch &batch,
              const Counts &counts) {
  constexpr double element = 2; // bytes of an activation or adapter weight
  auto seconds = [&](double bytes, double flops) {
    return std::max(bytes / gpu.bandwidth, flops / gpu.tensorPeak);
  };
  double H = double(layer.hidden), I = double(layer.intermediate);
  double up = double(layer.upProjections()), P = counts.rows;
  double tokens = double(std::max<int64_t>(batch.tokens, 0));
  double in = tokens * H * element, a = P * I * element;
  double weights = counts.experts * H * I * layer.weightBytes;
  // Per projection: A and B of each segment; A x of each row, written and read.
  double r = batch.adapted() ? double(batch.rank) : 0;
  double lora = (up + 1) *
                (counts.segments * r * (H + I) * element + 2 * P * r * element);
  return {seconds(up * weights + in + a, 2 * P * up * H * I),
          seconds(weights + a + in, 2 * P * H * I),
          seconds(lora, 2 * (up + 1) * P * r * (H + I))};
}

Floor floorOf(const Gpu &gpu, const LayerShape &layer, const Batch &batch) {
  return floorOf(gpu, layer, batch, expectedCounts(layer, batch));
}

} // namespace moelora::cost
