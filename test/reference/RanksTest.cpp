// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Layers that a group computes: the same function, with the roundings of ranks.

#include "RandomLayer.h"

#include "moelora/reference/Bound.h"
#include "moelora/reference/Compare.h"

#include <cmath>
#include <functional>
#include <gmock/gmock.h>

using namespace moelora::reference;

namespace {

using Change = std::function<void(RandomLayer &)>;

void addLatent(RandomLayer &random) {
  random.problem.layer.latent = 7;
  random.set(MOELORA_LATENT_IN_WEIGHT, 7 * RandomLayer::hidden);
  random.set(MOELORA_LATENT_OUT_WEIGHT, 7 * RandomLayer::hidden);
}

void addIdentity(RandomLayer &random) {
  random.problem.layer.zero_experts = 2;
  random.problem.layer.zero_kind = MOELORA_ZERO_IDENTITY;
}

void addBiases(RandomLayer &random) {
  random.problem.layer.biases =
      MOELORA_HAS_DOWN_BIAS | MOELORA_HAS_SHARED_DOWN_BIAS;
  random.set(MOELORA_DOWN_BIAS, RandomLayer::experts * RandomLayer::hidden);
  random.set(MOELORA_SHARED_DOWN_BIAS, RandomLayer::hidden);
}

void putWeightsOnInput(RandomLayer &random) {
  random.problem.layer.weight_on_input = 1;
}

const Change changes[] = {[](RandomLayer &) {}, addLatent, addIdentity,
                          addBiases, putWeightsOnInput};

/// A layer with an adapter, and the ranks of its experts, unevenly, in two
/// copies.
RandomLayer makeLayer(unsigned seed) {
  RandomLayer random(seed);
  changes[seed % std::size(changes)](random);
  random.addAdapter(3);
  random.slots = {-1, 0, 0, 0, -1, 0};
  return random;
}

Ranks makeRanks(const RandomLayer &random, int32_t ep, int32_t tp) {
  int experts = RandomLayer::experts - random.problem.layer.zero_experts;
  Ranks ranks = {ep, tp, {}};
  for (int copy = 0; copy < 2; ++copy)
    for (int expert = 0; expert < experts; ++expert)
      ranks.experts.push_back((expert * expert + copy) % ep);
  return ranks;
}

TEST(RanksOfALayer, compute_what_one_rank_does) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    RandomLayer random = makeLayer(seed);
    Vector whole = evaluate(random.problem).rows;
    for (int32_t ep : {1, 2, 3})
      for (int32_t tp : {1, 2}) {
        random.problem.ranks = makeRanks(random, ep, tp);
        ASSERT_EQ(problemError(random.problem), "");
        Vector found = evaluate(random.problem).rows;
        for (size_t i = 0; i < whole.size(); ++i)
          ASSERT_NEAR(found[i], whole[i], 1e-12 * (1 + std::abs(whole[i])))
              << seed << ": " << ep << " x " << tp;
      }
  }
}

TEST(RanksOfALayer, stay_within_the_bound_when_they_round) {
  double worst = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    RandomLayer random = makeLayer(seed);
    random.problem.ranks = makeRanks(random, 2, 2);
    Output exact = evaluate(random.problem, /*withBounds=*/true);
    random.problem.rounding = Rounding::rounded(MOELORA_BF16, MOELORA_BF16);
    Output rounded = evaluate(random.problem);
    Verdict verdict = compareRows(viewOf(rounded), exact);
    EXPECT_LE(verdict.worst, 1) << seed;
    worst = std::max(worst, verdict.worst);
  }
  EXPECT_GT(worst, 0.3);
}

/// One expert with one element of the output, and an A of down whose two
/// columns are on two ranks.
struct OneElement : RandomLayer {
  explicit OneElement(Vector columnsOfA) : RandomLayer(1) {
    moelora_layer &layer = problem.layer;
    layer.shared = 0;
    layer.routed_scale = 1;
    layer.intermediate = 2;
    layer.activation = {};
    layer.activation.function = MOELORA_RELU2;
    layer.activation.alpha = 1;
    layer.router.experts = layer.router.top_k = 1;
    layer.hidden = 1;
    problem.tokens = 1;
    problem.entry = Entry::FromIds;
    problem.expertIds = &id;
    for (auto role : {MOELORA_HIDDEN, MOELORA_EXPERT_WEIGHTS,
                      MOELORA_GATE_UP_WEIGHT, MOELORA_DOWN_WEIGHT})
      problem.operand[role] = {MOELORA_F64, role == MOELORA_DOWN_WEIGHT
                                                ? zeros.data()
                                                : ones.data()};
    a = std::move(columnsOfA);
    adapter.pairs[MOELORA_DOWN] = {{{MOELORA_F64, a.data(), 1, 2, 2},
                                    {MOELORA_F64, ones.data(), 1, 1, 1},
                                    1}};
    problem.adapters = {&adapter};
    slots = {0};
    problem.slots = slots.data();
  }
  double output(int32_t tp) {
    problem.ranks.tp = tp;
    problem.rounding = Rounding::rounded(MOELORA_F32, MOELORA_BF16);
    return evaluate(problem).rows[0];
  }
  double bound(int32_t tp) {
    problem.ranks.tp = tp;
    problem.rounding = Rounding::exact();
    return evaluate(problem, /*withBounds=*/true).bounds[0];
  }

  int32_t id = 0;
  Vector ones = {1, 1}, zeros = {0, 0}, a;
  Adapter adapter;
};

TEST(RanksOfALayer, round_u_on_each_rank_along_tp) {
  // 1 + 2^-7 is a number of bf16, and 1 + 2^-8 is rounded to 1.
  OneElement layer({1 + 0x1p-8, 0x1p-8});
  EXPECT_EQ(layer.output(1), 1 + 0x1p-7);
  EXPECT_EQ(layer.output(2), 1 + 0x1p-8);
}

TEST(RanksOfALayer, have_a_bound_that_counts_u_of_each_rank) {
  OneElement layer({1, -1}); // u is 0, or 1 and -1
  EXPECT_GT(layer.bound(2), 0);
  double unit = boundConstant * unitOf(MOELORA_BF16), one = layer.bound(1),
         two = layer.bound(2);
  EXPECT_NEAR((two * two - one * one) / (unit * unit), 2, 1e-3);
}

TEST(RanksOfALayer, drop_experts_that_none_has) {
  RandomLayer random(3);
  random.problem.layer.shared = 0;
  random.problem.ranks = {2, 1, std::vector<int32_t>(RandomLayer::experts, -1)};
  EXPECT_THAT(evaluate(random.problem).rows, testing::Each(0));
}

TEST(RanksOfALayer, are_refused_where_they_do_not_fit) {
  auto errorOf = [](const Ranks &ranks) {
    RandomLayer random(1);
    random.problem.ranks = ranks;
    return problemError(random.problem);
  };
  EXPECT_EQ(errorOf({0, 1, {}}),
            "expects a group to have ranks, but ep and tp are 0 and 1");
  EXPECT_EQ(errorOf({1, 4, {}}),
            "expects tp, which is 4, to divide intermediate and shared, but "
            "they are 8 and 6");
  EXPECT_EQ(errorOf({2, 1, {0, 1}}),
            "expects the ep coordinate of each expert, or of copies of it, but "
            "experts and coordinates are 5 and 2");
}

} // namespace
