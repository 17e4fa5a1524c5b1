// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every stage of the router, on logits whose scores can be worked out by hand.

#include "moelora/reference/Ops.h"

#include <cmath>
#include <gmock/gmock.h>
#include <limits>

using namespace moelora::reference;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::Pointwise;

namespace {

moelora_router router(int32_t experts, int32_t topK, moelora_score score) {
  moelora_router r = {};
  r.experts = experts;
  r.top_k = topK;
  r.logit_scale = r.scale = r.norm_p = 1;
  r.score = score;
  r.groups = r.top_groups = 1;
  r.group_score = MOELORA_GROUP_MAX;
  return r;
}

Routed run(const moelora_router &r, const Vector &logits,
           const Vector &bias = {}) {
  return route(r, logits, {bias, {}, {}}, Rounding::exact());
}

auto near(const Vector &expected) {
  return Pointwise(testing::DoubleNear(1e-12), expected);
}

const double ln2 = std::log(2), ln3 = std::log(3);

TEST(Route, softmax_takes_the_sum_over_all_experts) {
  // e^l = 1, 3, 2, 2: sum 8.
  Routed r = run(router(4, 2, MOELORA_SCORE_SOFTMAX), {0, ln3, ln2, ln2});
  EXPECT_THAT(r.ids, ElementsAre(1, 2)); // 2 and 3 tie
  EXPECT_THAT(r.weights, near({3.0 / 8, 2.0 / 8}));
}

TEST(Route, all_equal_takes_the_lowest_ids) {
  Routed r = run(router(8, 3, MOELORA_SCORE_SOFTMAX), Vector(8, -1.5));
  EXPECT_THAT(r.ids, ElementsAre(0, 1, 2));
}

TEST(Route, renormalize_sum) {
  moelora_router r = router(4, 2, MOELORA_SCORE_SOFTMAX);
  r.renormalize = MOELORA_RENORMALIZE_SUM;
  EXPECT_THAT(run(r, {0, ln3, ln2, 0}).weights, near({3.0 / 5, 2.0 / 5}));
  r.epsilon = 1; // scores are 3/7 and 2/7: divided by 5/7 + 1
  EXPECT_THAT(run(r, {0, ln3, ln2, 0}).weights, near({3.0 / 12, 2.0 / 12}));
}

TEST(Route, renormalize_clamp) {
  moelora_router r = router(2, 1, MOELORA_SCORE_SIGMOID);
  r.renormalize = MOELORA_RENORMALIZE_CLAMP;
  r.epsilon = 0.25;
  EXPECT_THAT(run(r, {0, -9}).weights, near({1})); // 1/2 over 1/2
  r.epsilon = 2;
  EXPECT_THAT(run(r, {0, -9}).weights, near({0.25})); // 1/2 over 2
}

TEST(Route, renormalize_pnorm) {
  moelora_router r = router(3, 2, MOELORA_SCORE_IDENTITY);
  r.renormalize = MOELORA_RENORMALIZE_PNORM;
  r.norm_p = 2;
  EXPECT_THAT(run(r, {4, -7, 3}).weights, near({0.8, 0.6}));
}

TEST(Route, pnorm_of_one_sums_absolute_values) {
  moelora_router r = router(3, 2, MOELORA_SCORE_IDENTITY);
  r.renormalize = MOELORA_RENORMALIZE_PNORM;
  r.norm_p = 1;
  EXPECT_THAT(run(r, {3, -7, -1}).weights, near({0.75, -0.25}));
}

TEST(Route, scores) {
  EXPECT_THAT(run(router(2, 2, MOELORA_SCORE_SIGMOID), {ln3, -ln3}).weights,
              near({0.75, 0.25}));
  // log(1 + e^l) with e^l = 1 and e^2 - 1: ln 2, and 2.
  double l = std::log(std::exp(2) - 1);
  EXPECT_THAT(run(router(2, 2, MOELORA_SCORE_SQRTSOFTPLUS), {0, l}).weights,
              near({std::sqrt(2), std::sqrt(ln2)}));
  EXPECT_THAT(run(router(2, 2, MOELORA_SCORE_IDENTITY), {-3, 5}).weights,
              near({5, -3}));
}

TEST(Route, huge_logits_stay_finite) {
  EXPECT_THAT(run(router(2, 2, MOELORA_SCORE_SOFTMAX), {2000, 1000}).weights,
              near({1, 0}));
  EXPECT_THAT(
      run(router(2, 1, MOELORA_SCORE_SQRTSOFTPLUS), {1600, -1600}).weights,
      near({40}));
}

TEST(Route, logits_are_scaled_then_capped) {
  moelora_router r = router(2, 1, MOELORA_SCORE_IDENTITY);
  r.logit_scale = 2;
  r.softcap = 4;
  EXPECT_THAT(run(r, {3, -8}).weights, near({4 * std::tanh(6.0 / 4)}));
}

TEST(Route, bias_chooses_but_does_not_weigh) {
  moelora_router r = router(3, 1, MOELORA_SCORE_SIGMOID);
  r.bias_on = MOELORA_BIAS_ON_SCORE;
  Routed routed = run(r, {ln3, 0, -ln3}, {0, 0, 1});
  EXPECT_THAT(routed.ids, ElementsAre(2)); // 0.75, 0.5, 1.25
  EXPECT_THAT(routed.weights, near({0.25}));
}

TEST(Route, bias_on_score_and_on_logit_choose_differently) {
  moelora_router r = router(2, 1, MOELORA_SCORE_SIGMOID);
  Vector logits = {6, 1}, bias = {0, 1}; // scores 0.998, 0.731
  r.bias_on = MOELORA_BIAS_ON_SCORE;
  EXPECT_THAT(run(r, logits, bias).ids, ElementsAre(1));
  r.bias_on = MOELORA_BIAS_ON_LOGIT;
  EXPECT_THAT(run(r, logits, bias).ids, ElementsAre(0));
}

TEST(Route, groups_by_max_and_by_the_two_best) {
  moelora_router r = router(6, 1, MOELORA_SCORE_IDENTITY);
  r.groups = 2;
  Vector logits = {5, 0, 0, 4, 3, 0};
  EXPECT_THAT(run(r, logits).ids, ElementsAre(0)); // 5 against 4
  r.group_score = MOELORA_GROUP_TOP2_SUM;
  EXPECT_THAT(run(r, logits).ids, ElementsAre(3)); // 5 against 7
}

TEST(Route, dropped_groups_are_filled) {
  moelora_router r = router(4, 2, MOELORA_SCORE_IDENTITY);
  r.groups = 2;
  Vector logits = {1, -2, 0.5, 0.25};
  EXPECT_THAT(run(r, logits).ids, ElementsAre(0, 1)); // -inf below -2
  r.group_fill_zero = 1;
  Routed routed = run(r, logits); // 0 above -2, and the real score weighs
  EXPECT_THAT(routed.ids, ElementsAre(0, 2));
  EXPECT_THAT(routed.weights, near({1, 0.5}));
}

TEST(Route, post_sees_the_chosen_alone) {
  moelora_router r = router(4, 2, MOELORA_SCORE_IDENTITY);
  r.post = MOELORA_POST_SOFTMAX;
  EXPECT_THAT(run(r, {0, ln3, 0, 0}).weights, near({0.75, 0.25}));
  r.post = MOELORA_POST_SIGMOID;
  EXPECT_THAT(run(r, {-9, ln3, 0, -9}).weights, near({0.75, 0.5}));
}

TEST(Route, scale_comes_after_renormalization) {
  moelora_router r = router(2, 2, MOELORA_SCORE_SOFTMAX);
  r.renormalize = MOELORA_RENORMALIZE_SUM;
  r.scale = 2.5;
  EXPECT_THAT(run(r, {0, ln3}).weights, near({1.875, 0.625}));
}

TEST(Route, nan_is_chosen_last) {
  double nan = std::numeric_limits<double>::quiet_NaN();
  Routed r = run(router(4, 3, MOELORA_SCORE_IDENTITY), {nan, -5, nan, -4});
  EXPECT_THAT(r.ids, ElementsAre(3, 1, 0));
  EXPECT_THAT(run(router(3, 2, MOELORA_SCORE_SOFTMAX), {0, nan, 1}).ids,
              ElementsAre(0, 1)); // every score is NaN
}

TEST(Route, weights_are_f32_when_rounded) {
  Rounding rounded = Rounding::rounded(MOELORA_BF16, MOELORA_BF16);
  Routed r = route(router(3, 1, MOELORA_SCORE_SOFTMAX), {0, 0, 0}, {}, rounded);
  EXPECT_EQ(r.weights[0], static_cast<float>(1.0 / 3));
}

} // namespace
