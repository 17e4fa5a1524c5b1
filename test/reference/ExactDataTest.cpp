// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Data that make no f32 sum round: what sizes promise, and what the promise is
// good for.

#include "RandomLayer.h"

#include "moelora/reference/Compare.h"
#include "moelora/reference/ExactData.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

using namespace moelora::reference;

namespace {

/// A layer that is run from given ids, on exact data.
struct ExactLayer : RandomLayer {
  ExactSizes sizes;
  std::vector<int32_t> ids;

  explicit ExactLayer(unsigned seed, moelora_dtype type) : RandomLayer(seed) {
    problem.layer.dtype = type;
    problem.layer = exactLayer(problem.layer);
    problem.entry = Entry::FromIds;
    sizes = exactSizes(problem.layer, bits());
    setRows(MOELORA_GATE_UP_WEIGHT, experts * 2 * width, hidden);
    setRows(MOELORA_DOWN_WEIGHT, experts * hidden, width);
    setRows(MOELORA_SHARED_GATE_UP_WEIGHT, 2 * shared, hidden);
    setRows(MOELORA_SHARED_DOWN_WEIGHT, hidden, shared);
    for (double &v : set(MOELORA_HIDDEN, tokens * hidden))
      v = sizes.unit * exactNumber(sizes.hidden, bits());
    for (double &v : set(MOELORA_EXPERT_WEIGHTS, tokens * topK))
      v = double(1 + random() % uint64_t(sizes.choice));
    for (int64_t t = 0; t < tokens; ++t)
      ids.insert(ids.end(), {int32_t(t % experts), int32_t((t + 2) % experts)});
    problem.expertIds = ids.data();
    addAdapter(4);
    slots = {-1, 0, 0, 0, 0, 0};
    for (auto &pairs : adapters[0].pairs)
      for (LoraPair &pair : pairs)
        makeExact(pair);
  }

  RandomBits bits() {
    return [this] { return uint64_t(random()) << 32 | random(); };
  }

  Vector &setRows(moelora_role role, int64_t rows, int64_t columns) {
    return fillRows(set(role, rows * columns), columns, sizes.weight);
  }
  Vector &fillRows(Vector &values, int64_t columns, int64_t steps) {
    for (auto to = values.begin(); to != values.end(); to += columns) {
      Vector row = exactRow(columns, steps, bits());
      std::copy(row.begin(), row.end(), to);
    }
    return values;
  }
  void makeExact(LoraPair &pair) {
    auto refill = [&](MatrixView &view, int64_t steps) {
      view.data =
          fillRows(fill(view.rows * view.columns), view.columns, steps).data();
    };
    refill(pair.a, sizes.a);
    refill(pair.b, sizes.b);
    pair.scale = double(sizes.scale);
  }

  Output rounded() {
    Problem rounded = problem;
    auto type = moelora_dtype(problem.layer.dtype);
    rounded.rounding = Rounding::rounded(type, type);
    return evaluate(rounded);
  }
};

TEST(ExactData, rows_are_steps_of_one) {
  ExactLayer layer(1, MOELORA_BF16);
  for (int64_t steps : {1, 2, 5}) {
    Vector row = exactRow(7, steps, layer.bits());
    double sum = 0;
    for (double value : row) {
      EXPECT_EQ(value, std::round(value));
      sum += std::abs(value);
    }
    EXPECT_LE(sum, double(steps));
    EXPECT_EQ(int64_t(sum) % 2, steps % 2); // a step may take one back
  }
}

TEST(ExactData, sizes_by_hand) {
  // h <= (1 + 1 * 3 * 1) 10 + 1, a <= h^2, y <= 4 a + 1, out <= 2 * 2 y; u is
  // rounded, and may grow by 2^-8.
  moelora_layer layer = {};
  layer.dtype = MOELORA_BF16;
  layer.routed_scale = 1;
  layer.router.top_k = 2;
  layer.activation.function = MOELORA_RELU2;
  ExactSizes sizes = {10, 1, 1, 1, 1, 3, 1, 2};
  EXPECT_TRUE(areExact(layer, sizes));
  sizes.hidden = 255; // out <= 4 * 4 * 1021^2 = 16.7 million, and more for u
  EXPECT_FALSE(areExact(layer, sizes));
  sizes.hidden = 240;
  EXPECT_TRUE(areExact(layer, sizes));
  layer.routed_scale = 2.5f;
  EXPECT_FALSE(areExact(layer, sizes));
  layer.routed_scale = 1;
  layer.dtype = MOELORA_F16; // a <= 961^2, beyond what f16 has
  EXPECT_FALSE(areExact(layer, sizes));
  sizes.unit = 0x1p-5;
  EXPECT_TRUE(areExact(layer, sizes));
}

TEST(ExactData, has_what_can_be_rounded) {
  for (moelora_dtype type : {MOELORA_BF16, MOELORA_F16}) {
    int64_t other = 0;
    for (unsigned seed = 0; seed < 20; ++seed) {
      ExactLayer layer(seed, type);
      ASSERT_EQ(problemError(layer.problem), "");
      ASSERT_TRUE(areExact(layer.problem.layer, layer.sizes));
      Output exact = evaluate(layer.problem), rounded = layer.rounded();
      for (size_t i = 0; i < exact.rows.size(); ++i)
        other += exact.rows[i] != rounded.rows[i];
    }
    EXPECT_GT(other, 100) << type;
  }
}

// In f32 nothing is: the rounded mode is the exact one.
TEST(ExactData, is_exact_in_f32) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    ExactLayer layer(seed, MOELORA_F32);
    EXPECT_EQ(evaluate(layer.problem).rows, layer.rounded().rows);
  }
}

} // namespace
