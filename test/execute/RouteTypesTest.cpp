// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rounding as a model does it: logits, scores and weights in a type of their
// own, against the reference on values that f32 has exactly.

#include "Routing.h"

#include "moelora/reference/Number.h"

#include <gmock/gmock.h>

#include <cmath>

using namespace moelora::test;
using moelora::reference::roundTo;
using testing::ElementsAre;

namespace {

TEST(RouteTypes, LogitsAreRoundedToNearestEven) {
  moelora_router router = makeRouter(6, 6);
  router.score = MOELORA_SCORE_IDENTITY;
  std::vector<float> logits = {6 + 0x1p-6f,  5 + 0x1.8p-6f, 4 + 0x1p-12f,
                               -3 - 0x1p-7f, -4.1f,         -70000};
  for (moelora_dtype type : {MOELORA_BF16, MOELORA_F16}) {
    router.logit_type = type;
    Routed routed = route(router, logits);
    for (size_t j = 0; j < 6; ++j)
      EXPECT_EQ(routed.weights[j], roundTo(type, logits[size_t(routed.ids[j])]))
          << type;
  }
}

TEST(RouteTypes, RoundedLogitsTieAndTheLowerIdWins) {
  moelora_router router = makeRouter(2, 1);
  EXPECT_THAT(route(router, {1, 1 + 0x1p-9f}).ids, ElementsAre(1));
  router.logit_type = MOELORA_BF16;
  EXPECT_THAT(route(router, {1, 1 + 0x1p-9f}).ids, ElementsAre(0));
}

TEST(RouteTypes, RoundedScoresTieAndTheLowerIdWins) {
  moelora_router router = makeRouter(4, 2);
  router.score = MOELORA_SCORE_SIGMOID;
  EXPECT_THAT(route(router, {8, 9, 7, 10}).ids, ElementsAre(3, 1));
  router.score_type = MOELORA_BF16; // all but 7's are 1
  EXPECT_THAT(route(router, {8, 9, 7, 10}).ids, ElementsAre(0, 1));
}

TEST(RouteTypes, WeightsAreRoundedLast) {
  moelora_router router = makeRouter(2, 1);
  router.score = MOELORA_SCORE_IDENTITY;
  router.scale = 1 + 0x1p-6f;
  router.expert_scale = 1;
  router.weight_type = MOELORA_BF16;
  RouteData data;
  data.logits = {1 + 0x1p-7f, 0};
  data.expertScale = {1 + 0x1p-5f, 1};
  float exact = (1 + 0x1p-7f) * router.scale * (1 + 0x1p-5f);
  EXPECT_EQ(route(router, data).weights[0], roundTo(MOELORA_BF16, exact));
  EXPECT_NE(route(router, data).weights[0], exact);
}

TEST(RouteAlways, TheLastExpertsAreChosenByEveryToken) {
  moelora_router router = makeRouter(5, 4);
  router.always = 2;
  EXPECT_THAT(route(router, {3, 1, 2, -9, -8}).ids, ElementsAre(0, 2, 3, 4));
}

} // namespace
