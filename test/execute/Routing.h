// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The route service on vectors, for its tests.
#ifndef MOELORA_TEST_EXECUTE_ROUTING_H
#define MOELORA_TEST_EXECUTE_ROUTING_H

#include "Services.h"

#include <vector>

namespace moelora::test {

inline moelora_router makeRouter(int32_t experts, int32_t topK) {
  moelora_router router = {};
  router.experts = experts;
  router.top_k = topK;
  router.logit_scale = router.scale = router.norm_p = 1;
  router.score = MOELORA_SCORE_SOFTMAX;
  router.groups = router.top_groups = 1;
  router.group_score = MOELORA_GROUP_MAX;
  return router;
}

/// Empty: not given.
struct RouteData {
  std::vector<float> logits, bias, expertScale;
  std::vector<int32_t> table, tokenIds;
};

struct Routed {
  std::vector<int32_t> ids;
  std::vector<float> weights;
  moelora_run_stats stats = {};
};

inline Routed route(const moelora_router &router, const RouteData &data) {
  auto given = [](const auto &v) { return v.empty() ? nullptr : v.data(); };
  moelora_route_inputs inputs = {int64_t(data.logits.size()) / router.experts,
                                 data.logits.data(),
                                 given(data.bias),
                                 given(data.expertScale),
                                 given(data.table),
                                 given(data.tokenIds)};
  Routed routed;
  routed.ids.resize(size_t(inputs.tokens * router.top_k));
  routed.weights.resize(routed.ids.size());
  serialServices().route(&router, &inputs, routed.ids.data(),
                         routed.weights.data(), &routed.stats);
  return routed;
}

inline Routed route(const moelora_router &router,
                    const std::vector<float> &logits) {
  RouteData data;
  data.logits = logits;
  return route(router, data);
}

} // namespace moelora::test

#endif // MOELORA_TEST_EXECUTE_ROUTING_H
