// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The error bound: it holds for what rounds where it may, is not much larger
// than needed, and catches what is wrong.

#include "RandomLayer.h"

#include "moelora/reference/Bound.h"
#include "moelora/reference/Compare.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

using namespace moelora::reference;

namespace {

/// Over the tokens whose experts are not a matter of rounding.
double worstRatio(const Output &exact, const Output &other) {
  return compareRows(viewOf(other), exact).worst;
}

Output roundedTo(RandomLayer &random, moelora_dtype type) {
  Problem rounded = random.problem;
  rounded.rounding = Rounding::rounded(type, type);
  return evaluate(rounded);
}

void useAdapters(RandomLayer &random) {
  random.addAdapter(4);
  random.addAdapter(1);
  random.slots = {-1, 0, 1, 0, 1, -1};
}

TEST(Bound, by_hand) {
  // One expert, H = I = 1, f(g) u = max(g, 0)^2 u in bf16.
  Vector x = {-2}, weight = {0.5}, gateUp = {-1, 3}, down = {-5}, a = {1},
         b = {-4};
  Adapter adapter;
  adapter.pairs[MOELORA_UP] = {{{MOELORA_F64, a.data(), 1, 1, 1},
                                {MOELORA_F64, b.data(), 1, 1, 1},
                                0.25}};
  int32_t id = 0, slot = 0;
  Problem p;
  p.layer.dtype = MOELORA_BF16;
  p.layer.hidden = p.layer.intermediate = 1;
  p.layer.routed_scale = 3;
  p.layer.router.experts = p.layer.router.top_k = p.layer.router.groups = 1;
  p.layer.activation.function = MOELORA_RELU2;
  p.layer.activation.gated = 1;
  p.tokens = 1;
  p.entry = Entry::FromIds;
  p.expertIds = &id;
  p.slots = &slot;
  p.adapters = {&adapter};
  p.operand[MOELORA_HIDDEN] = {MOELORA_F64, x.data()};
  p.operand[MOELORA_EXPERT_WEIGHTS] = {MOELORA_F64, weight.data()};
  p.operand[MOELORA_GATE_UP_WEIGHT] = {MOELORA_F64, gateUp.data()};
  p.operand[MOELORA_DOWN_WEIGHT] = {MOELORA_F64, down.data()};
  // g = 2, u = -6 + 2 = -4, act = -16, out = 3 * 0.5 * 80 = 120; k^2 = 2^-34
  // u^2 = ((1 + k^2) (0.25 * 2)^2 + (0.25 * -2)^2) (1 + k^2)
  // E(g)^2 = k^2 (1 * 4), E(u)^2 = k^2 (9 * 4) + 16 u^2
  // E(a)^2 = 256 + (2 * 2 * 4)^2 E(g)^2 + 4^2 E(u)^2
  // E(y)^2 = 25 E(a)^2 + k^2 25 * 256
  double k2 = 0x1p-34, u2 = ((1 + k2) * 0.25 + 0.25) * (1 + k2);
  double a2 = 256 + 256 * (4 * k2) + 16 * (36 * k2 + 16 * u2);
  double y2 = 25 * a2 + k2 * 25 * 256;
  EXPECT_DOUBLE_EQ(evaluate(p, true).bounds[0],
                   boundConstant * 0x1p-8 *
                       std::sqrt(120 * 120 + 1.5 * 1.5 * y2));
}

TEST(Bound, holds_for_the_rounded_mode) {
  for (moelora_dtype type : {MOELORA_BF16, MOELORA_F16, MOELORA_F32}) {
    Verdict all;
    for (unsigned seed = 0; seed < 300; ++seed) {
      RandomLayer random(seed);
      random.problem.layer.dtype = type;
      useAdapters(random);
      Output exact = evaluate(random.problem, true);
      all.add(compareRows(viewOf(roundedTo(random, type)), exact));
    }
    EXPECT_EQ(all.failure(), "") << type;
    EXPECT_EQ(all.rows, 300 * RandomLayer::tokens) << type;
    EXPECT_GE(all.worst, type == MOELORA_F32 ? 0.003 : 0.15) << type;
  }
}

TEST(Bound, near_ties_are_undecided) {
  RandomLayer random(8);
  random.problem.entry = Entry::FromLogits;
  Vector &logits = random.set(MOELORA_ROUTER_LOGITS, 6 * 5);
  for (size_t i = 0; i < logits.size(); ++i)
    logits[i] = double(i % 5); // top two: 4 and 3, far above 2
  logits[0 * 5 + 2] = 3 - 1e-9;
  logits[1 * 5 + 2] = 3 - 1e-3;
  logits[2 * 5 + 3] = 4 + 1e-9; // a tie among the chosen changes nothing
  Output output = evaluate(random.problem, true);
  EXPECT_FALSE(output.decided[0]);
  for (size_t t : {1, 2, 3, 4, 5})
    EXPECT_TRUE(output.decided[t]) << t;
}

TEST(Bound, catches_a_missing_delta) {
  RandomLayer random(3);
  useAdapters(random);
  Output exact = evaluate(random.problem, true);
  for (int p = 0; p < MOELORA_LATENT_IN; ++p) {
    Adapter partial = *random.problem.adapters[0];
    partial.pairs[p].clear();
    Problem wrong = random.problem;
    wrong.adapters[0] = &partial;
    EXPECT_GT(worstRatio(exact, evaluate(wrong)), 1) << p;
  }
}

TEST(Bound, catches_swapped_gate_and_up) {
  RandomLayer random(4);
  Output exact = evaluate(random.problem, true);
  Vector swapped;
  const auto *weights = static_cast<const double *>(
      random.problem.operand[MOELORA_GATE_UP_WEIGHT].data);
  constexpr int64_t half = RandomLayer::width * RandomLayer::hidden;
  for (int64_t e = 0; e < RandomLayer::experts; ++e)
    for (int64_t slice : {1, 0})
      swapped.insert(swapped.end(), weights + (2 * e + slice) * half,
                     weights + (2 * e + slice + 1) * half);
  random.problem.operand[MOELORA_GATE_UP_WEIGHT].data = swapped.data();
  EXPECT_GT(worstRatio(exact, evaluate(random.problem)), 1);
}

TEST(Bound, grows_with_terms_that_cancel) {
  // Doubling a delta and its negation leaves the output but not the bound.
  RandomLayer random(5);
  Adapter &adapter = random.addAdapter(1);
  random.slots.assign(RandomLayer::tokens, 0);
  for (auto &pairs : adapter.pairs)
    pairs.clear();
  double plain = evaluate(random.problem, true).bounds[0];
  Vector a(2 * RandomLayer::hidden), b(2 * RandomLayer::width);
  std::fill(a.begin(), a.end(), 1);
  for (size_t i = 0; i < b.size(); ++i)
    b[i] = i % 2 ? -8 : 8;
  LoraPair cancels = {
      {MOELORA_F64, a.data(), 2, 12, 12}, {MOELORA_F64, b.data(), 8, 2, 2}, 1};
  adapter.pairs[MOELORA_UP].assign(RandomLayer::experts, cancels);
  EXPECT_GT(evaluate(random.problem, true).bounds[0], 2 * plain);
}

} // namespace
