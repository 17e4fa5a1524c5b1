// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A small layer with every part, filled with signed random numbers.
#ifndef MOELORA_TEST_REFERENCE_RANDOMLAYER_H
#define MOELORA_TEST_REFERENCE_RANDOMLAYER_H

#include "moelora/reference/Layer.h"

#include <deque>
#include <random>

namespace moelora::reference {

struct RandomLayer {
  Problem problem;
  std::vector<int32_t> slots;
  std::deque<Vector> storage; // addresses stay
  std::deque<Adapter> adapters;
  std::mt19937 random;

  static constexpr int64_t tokens = 6, hidden = 12, width = 8, shared = 6;
  static constexpr int32_t experts = 5, topK = 2;

  explicit RandomLayer(unsigned seed) : random(seed) {
    moelora_activation silu = {};
    silu.function = MOELORA_SILU;
    silu.gated = 1;
    silu.alpha = 1;
    moelora_layer &layer = problem.layer;
    layer.dtype = layer.router_dtype = MOELORA_BF16;
    layer.hidden = hidden;
    layer.intermediate = width;
    layer.shared = shared;
    layer.shared_score = 1;
    layer.routed_scale = 1.5f;
    layer.shared_scale = 1;
    layer.activation = layer.shared_activation = silu;
    moelora_router &router = layer.router;
    router.experts = experts;
    router.top_k = topK;
    router.logit_scale = router.scale = router.norm_p = 1;
    router.score = MOELORA_SCORE_SOFTMAX;
    router.groups = router.top_groups = 1;
    problem.tokens = tokens;
    set(MOELORA_HIDDEN, tokens * hidden);
    set(MOELORA_ROUTER_WEIGHT, experts * hidden);
    set(MOELORA_GATE_UP_WEIGHT, experts * 2 * width * hidden);
    set(MOELORA_DOWN_WEIGHT, experts * hidden * width);
    set(MOELORA_SHARED_GATE_UP_WEIGHT, 2 * shared * hidden);
    set(MOELORA_SHARED_DOWN_WEIGHT, hidden * shared);
    set(MOELORA_SHARED_SCORE_WEIGHT, hidden);
    slots.assign(tokens, -1);
    problem.slots = slots.data();
  }

  /// bf16 values held as f64, so that every mode reads the same numbers.
  Vector &fill(int64_t count) {
    std::normal_distribution<double> normal(0, 0.5);
    Vector &values = storage.emplace_back(count);
    for (double &v : values)
      v = roundTo(MOELORA_BF16, normal(random));
    return values;
  }

  Vector &set(moelora_role role, int64_t count) {
    Vector &values = fill(count);
    problem.operand[role] = {MOELORA_F64, values.data()};
    return values;
  }

  LoraPair pair(int64_t in, int64_t out, int64_t rank) {
    return {{MOELORA_F64, fill(rank * in).data(), rank, in, in},
            {MOELORA_F64, fill(out * rank).data(), out, rank, rank},
            0.75};
  }

  /// An adapter of everything, as the next slot.
  Adapter &addAdapter(int64_t rank) {
    Adapter &adapter = adapters.emplace_back();
    int64_t in = problem.layer.latent ? problem.layer.latent : hidden;
    for (int e = 0; e < experts - problem.layer.zero_experts; ++e) {
      adapter.pairs[MOELORA_GATE].push_back(pair(in, width, rank));
      adapter.pairs[MOELORA_UP].push_back(pair(in, width, rank));
      adapter.pairs[MOELORA_DOWN].push_back(pair(width, in, rank));
    }
    adapter.pairs[MOELORA_ROUTER] = {pair(hidden, experts, rank)};
    adapter.pairs[MOELORA_SHARED_GATE] = {pair(hidden, shared, rank)};
    adapter.pairs[MOELORA_SHARED_UP] = {pair(hidden, shared, rank)};
    adapter.pairs[MOELORA_SHARED_DOWN] = {pair(shared, hidden, rank)};
    adapter.pairs[MOELORA_SHARED_SCORE] = {pair(hidden, 1, rank)};
    if (int64_t latent = problem.layer.latent) {
      adapter.pairs[MOELORA_LATENT_IN] = {pair(hidden, latent, rank)};
      adapter.pairs[MOELORA_LATENT_OUT] = {pair(latent, hidden, rank)};
    }
    problem.adapters.push_back(&adapter);
    return adapter;
  }
};

/// Row `token` of an output of every token.
inline Vector rowOf(const Output &output, int64_t token) {
  auto first = output.rows.begin() + token * output.width;
  return Vector(first, first + output.width);
}

} // namespace moelora::reference

#endif // MOELORA_TEST_REFERENCE_RANDOMLAYER_H
