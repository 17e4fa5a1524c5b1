// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ids from a table, and ids of experts that every token chooses.

#include "moelora/reference/Ops.h"

#include <cmath>
#include <gmock/gmock.h>
#include <limits>

using namespace moelora::reference;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::Pointwise;

namespace {

const double ln3 = std::log(3);

auto near(const Vector &expected) {
  return Pointwise(DoubleNear(1e-12), expected);
}

moelora_router router(int32_t experts, int32_t topK) {
  moelora_router r = {};
  r.experts = experts;
  r.top_k = topK;
  r.logit_scale = r.scale = r.norm_p = 1;
  r.score = MOELORA_SCORE_SIGMOID;
  r.groups = r.top_groups = 1;
  r.group_score = MOELORA_GROUP_MAX;
  return r;
}

Routed byTable(moelora_router r, const std::vector<int32_t> &row) {
  r.table_rows = 1;
  // Scores 3/4, 1/2, 1/4.
  return route(r, {ln3, 0, -ln3}, {{}, {}, row}, Rounding::exact());
}

TEST(RouteByTable, scores_weigh_what_the_table_chooses) {
  Routed routed = byTable(router(3, 2), {2, 0});
  EXPECT_THAT(routed.ids, ElementsAre(2, 0));
  EXPECT_THAT(routed.weights, near({0.25, 0.75}));
}

TEST(RouteByTable, ids_outside_have_no_part_in_the_others) {
  moelora_router r = router(3, 3);
  r.renormalize = MOELORA_RENORMALIZE_SUM;
  for (int32_t bad : {-1, -2, 3, std::numeric_limits<int32_t>::max(),
                      std::numeric_limits<int32_t>::min()}) {
    Routed routed = byTable(r, {bad, 2, 0});
    EXPECT_THAT(routed.ids, ElementsAre(-1, 2, 0)) << bad;
    EXPECT_THAT(routed.weights, near({0, 0.25, 0.75})) << bad;
  }
}

TEST(RouteByTable, a_row_of_nothing_weighs_nothing) {
  moelora_router r = router(3, 2);
  r.post = MOELORA_POST_SOFTMAX;
  r.renormalize = MOELORA_RENORMALIZE_SUM;
  Routed routed = byTable(r, {-1, 7});
  EXPECT_THAT(routed.ids, ElementsAre(-1, -1));
  EXPECT_THAT(routed.weights, ElementsAre(0, 0));
}

TEST(RouteByTable, token_ids_outside_give_a_row_of_nothing) {
  moelora_router r = router(9, 2);
  r.table_rows = 3;
  int32_t table[] = {0, 1, 2, 3, 4, 5};
  EXPECT_THAT(tableRow(r, table, 2), ElementsAre(4, 5));
  for (int32_t bad : {-1, 3, std::numeric_limits<int32_t>::max(),
                      std::numeric_limits<int32_t>::min()})
    EXPECT_THAT(tableRow(r, table, bad), ElementsAre(-1, -1)) << bad;
}

TEST(RouteAlways, the_last_experts_are_not_chosen_but_there) {
  moelora_router r = router(4, 3);
  r.always = 1;
  Routed routed = route(r, {0, -ln3, ln3, -ln3}, {}, Rounding::exact());
  EXPECT_THAT(routed.ids, ElementsAre(2, 0, 3)); // 3 is the worst
  EXPECT_THAT(routed.weights, near({0.75, 0.5, 0.25}));
}

TEST(RouteAlways, shared_ones_are_in_the_normalisation) {
  moelora_router r = router(4, 3);
  r.always = 2;
  r.renormalize = MOELORA_RENORMALIZE_SUM;
  Routed routed = route(r, {0, -ln3, ln3, -ln3}, {}, Rounding::exact());
  EXPECT_THAT(routed.ids, ElementsAre(0, 2, 3));
  EXPECT_THAT(routed.weights, near({0.5 / 1.5, 0.75 / 1.5, 0.25 / 1.5}));
}

TEST(RouteAlways, bias_and_groups_are_of_the_others) {
  moelora_router r = router(5, 3);
  r.always = 1;
  r.groups = 2;
  r.top_groups = 1;
  r.bias_on = MOELORA_BIAS_ON_SCORE;
  // Choices 0.5, 0.5, 0.25, 0.75 + 1: the second group.
  Routed routed =
      route(r, {0, 0, -ln3, ln3, 9}, {{0, 0, 0, 1}, {}, {}}, Rounding::exact());
  EXPECT_THAT(routed.ids, ElementsAre(3, 2, 4));
}

TEST(RouteScale, each_expert_has_its_own_after_renormalisation) {
  moelora_router r = router(3, 2);
  r.expert_scale = 1;
  r.renormalize = MOELORA_RENORMALIZE_SUM;
  r.scale = 2;
  Routed routed =
      route(r, {ln3, -9, 0}, {{}, {10, 20, 30}, {}}, Rounding::exact());
  EXPECT_THAT(routed.weights, near({0.6 * 20, 0.4 * 60}));
}

TEST(RouteTypes, logits_scores_and_weights_are_rounded_where_asked) {
  moelora_router r = router(2, 1);
  double l = 1 + 0x1p-9; // a third of the way between two bf16 numbers
  r.logit_type = MOELORA_BF16;
  EXPECT_THAT(route(r, {l, 0}, {}, Rounding::exact()).weights,
              near({1 / (1 + std::exp(-1.0))}));
  r.logit_type = 0;
  r.score_type = MOELORA_BF16;
  double score = roundTo(MOELORA_BF16, 1 / (1 + std::exp(-l)));
  EXPECT_THAT(route(r, {l, 0}, {}, Rounding::exact()).weights, near({score}));
  r.scale = 1 + 0x1p-7f;
  r.weight_type = MOELORA_BF16;
  EXPECT_THAT(route(r, {l, 0}, {}, Rounding::exact()).weights,
              near({roundTo(MOELORA_BF16, score * (1 + 0x1p-7))}));
}

TEST(RouteTypes, rounded_logits_tie_and_the_lower_id_wins) {
  moelora_router r = router(2, 1);
  Vector logits = {1, 1 + 0x1p-9};
  EXPECT_THAT(route(r, logits, {}, Rounding::exact()).ids, ElementsAre(1));
  r.logit_type = MOELORA_BF16;
  EXPECT_THAT(route(r, logits, {}, Rounding::exact()).ids, ElementsAre(0));
}

} // namespace
