// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parts of a layer's kernels depend on whether a step of 64 elements is
// whole, rows begin at multiples of 16 bytes, and tiles divide the features.

#include "Layers.h"

namespace moelora::kernels {

static moelora_activation silu() {
  moelora_activation result = {};
  result.function = MOELORA_SILU;
  result.gated = 1;
  result.alpha = 1;
  return result;
}

Case makeCase(uint64_t seed, int64_t hidden, int64_t intermediate,
              std::vector<int64_t> tiles) {
  Case c;
  c.seed = seed;
  c.layer.dtype = c.layer.router_dtype = MOELORA_BF16;
  c.layer.hidden = hidden;
  c.layer.intermediate = intermediate;
  c.layer.routed_scale = c.layer.shared_scale = 1;
  c.layer.activation = c.layer.shared_activation = silu();
  moelora_router &router = c.layer.router;
  router.experts = 3;
  router.top_k = 2;
  router.logit_scale = router.scale = 1;
  router.score = MOELORA_SCORE_SOFTMAX;
  router.groups = router.top_groups = 1;
  router.group_score = MOELORA_GROUP_MAX;
  router.norm_p = 1;
  c.options.slots = 4;
  c.options.maxRank = 33;
  c.options.given = Given::Choice;
  c.entry = MOELORA_ENTRY_IDS;
  c.tiles = std::move(tiles);
  c.planInConsumer = false;
  return c;
}

Case makeOdd(std::vector<int64_t> tiles) {
  Case c = makeCase(2, 97, 73, std::move(tiles));
  c.layer.dtype = c.layer.router_dtype = MOELORA_F16;
  c.layer.biases = MOELORA_HAS_GATE_UP_BIAS | MOELORA_HAS_DOWN_BIAS;
  c.layer.activation.alpha = 1.702f;
  c.layer.activation.up_offset = 1;
  c.layer.activation.clamp = MOELORA_CLAMP_PRE;
  c.layer.activation.gate_max = 0.75f;
  c.layer.activation.up_limit = 0.5f;
  return c;
}

Case makeRouted() {
  Case c = makeCase(3, 72, 48, {8});
  moelora_layer &layer = c.layer;
  layer.router_dtype = MOELORA_F32;
  layer.shared = 40;
  layer.shared_score = 1;
  layer.shared_scale = 0.5f;
  layer.router_norm = {1, 1e-6f, 0.5f};
  layer.output_norm = {1, 1e-5f, 1};
  layer.router.experts = 5;
  layer.router.renormalize = MOELORA_RENORMALIZE_SUM;
  layer.router.expert_scale = 1;
  c.options.given = Given::Nothing;
  c.entry = MOELORA_ENTRY_ALL;
  return c;
}

Case makeGrouped() {
  Case c = makeCase(4, 16, 16, {8});
  moelora_router &router = c.layer.router;
  router.experts = 42;
  router.top_k = 20;
  router.always = 2;
  router.score = MOELORA_SCORE_IDENTITY;
  router.bias_on = MOELORA_BIAS_ON_SCORE;
  router.groups = 8;
  router.top_groups = 6;
  router.group_score = MOELORA_GROUP_TOP2_SUM;
  router.renormalize = MOELORA_RENORMALIZE_CLAMP;
  router.epsilon = 1e-6f;
  c.options.slots = 0;
  c.options.given = Given::Logits;
  c.entry = MOELORA_ENTRY_LOGITS;
  return c;
}

Case makeLatent() {
  Case c = makeCase(5, 56, 24, {8});
  c.layer.latent = 40;
  c.layer.weight_on_input = 1;
  c.layer.zero_experts = 2;
  c.layer.zero_kind = MOELORA_ZERO_IDENTITY;
  c.layer.router.experts = 5;
  c.layer.routed_scale = 2.5f;
  return c;
}

Case makeTable() {
  Case c = makeCase(6, 16, 16, {8});
  c.layer.activation.gated = 0;
  c.layer.activation.function = MOELORA_RELU2;
  // A weight among several depends on which of them are valid.
  c.layer.router.top_k = 3;
  c.layer.router.table_rows = 11;
  c.layer.router.post = MOELORA_POST_SOFTMAX;
  c.options.given = Given::Nothing;
  c.entry = MOELORA_ENTRY_ALL;
  return c;
}

Case makeUnfused() {
  Case c = makeCase(7, 72, 72, {16});
  c.strategy = Strategy::UnfusedPeer;
  return c;
}

Case makePlanned(int32_t experts, int64_t slots, int64_t tile) {
  Case c = makeCase(11, 8, 8, {tile});
  c.layer.router.experts = experts;
  c.options.slots = slots;
  return c;
}

Case makePlanning(int32_t experts, int32_t choices, int64_t slots) {
  Case c = makeCase(12, 8, 8, {8});
  c.layer.router.experts = experts;
  c.layer.router.top_k = choices;
  c.options.slots = slots;
  c.planInConsumer = true;
  return c;
}

} // namespace moelora::kernels
