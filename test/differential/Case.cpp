// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Small layers of odd sizes, with every feature in every fourth or so.

#include "Case.h"
#include "Random.h"

#include <algorithm>
#include <sstream>

namespace moelora::differential {
namespace {

moelora_activation makeActivation(Random &random) {
  moelora_activation result = {};
  result.function = MOELORA_SILU;
  result.gated = 1;
  result.alpha = 1;
  if (!random.oneIn(3))
    return result;
  result.function = random.pick(
      {MOELORA_SILU, MOELORA_GELU_TANH, MOELORA_GELU, MOELORA_RELU2});
  result.gated = !random.oneIn(3);
  if (result.function == MOELORA_SILU && random.oneIn(2))
    result.alpha = 1.702f;
  if (result.gated && random.oneIn(2)) {
    result.clamp = random.pick({MOELORA_CLAMP_PRE, MOELORA_CLAMP_POST});
    result.gate_max = 0.75f;
    result.up_limit = 0.5f;
    result.up_offset = random.oneIn(2) ? 1 : 0;
  }
  return result;
}

/// Stages whose choice follows the order of the logits, so that a case can tell
/// when two choices are too close for f32 to decide.
moelora_router makeRouter(Random &random, int32_t experts) {
  moelora_router result = {};
  result.experts = experts;
  result.top_k = random.between(1, std::min<int64_t>(8, experts));
  result.logit_scale = random.oneIn(4) ? 0.5f : 1;
  result.softcap = random.oneIn(6) ? 30 : 0;
  result.score =
      random.oneIn(4) ? MOELORA_SCORE_SIGMOID : MOELORA_SCORE_SOFTMAX;
  result.groups = result.top_groups = 1;
  result.group_score = MOELORA_GROUP_MAX;
  result.renormalize =
      random.pick({MOELORA_RENORMALIZE_NONE, MOELORA_RENORMALIZE_SUM});
  result.norm_p = 1;
  result.scale = random.oneIn(4) ? 2.5f : 1;
  return result;
}

/// Stages that move choices away from the order of the logits; for logits that
/// are given, and so are far apart.
void addChoice(Random &random, moelora_router &router) {
  bool biased = random.oneIn(2);
  router.bias_on = biased ? MOELORA_BIAS_ON_SCORE : MOELORA_BIAS_NONE;
  if (router.experts < 8 || router.experts % 4 != 0)
    return;
  router.groups = 4;
  router.top_groups = random.between(1, 4);
  router.top_k = std::min(router.top_k, router.experts / 4 * router.top_groups);
  // Without bias the sums of two scores have ties.
  if (biased && random.oneIn(2))
    router.group_score = MOELORA_GROUP_TOP2_SUM;
}

void makeShared(Random &random, moelora_layer &layer) {
  layer.shared_activation = makeActivation(random);
  if (!random.oneIn(3))
    return;
  layer.shared = random.between(1, 40);
  layer.shared_score = random.oneIn(2);
}

LayerOptions makeOptions(Random &random) {
  LayerOptions result;
  result.slots = random.pick<int64_t>({0, 1, 2, 4, 7});
  result.maxRank = random.pick<int64_t>({16, 33, 64});
  result.given = random.pick(
      {Given::Nothing, Given::Nothing, Given::Logits, Given::Choice});
  result.routerBias = result.given == Given::Nothing && random.oneIn(4);
  result.gateUpBias = random.oneIn(4);
  result.downBias = random.oneIn(4);
  return result;
}

/// A layer with a router of its own has all three entry points.
moelora_entry makeEntry(Random &random, Given given) {
  if (given == Given::Logits)
    return random.pick({MOELORA_ENTRY_LOGITS, MOELORA_ENTRY_IDS});
  if (given == Given::Choice)
    return MOELORA_ENTRY_IDS;
  return random.pick({MOELORA_ENTRY_ALL, MOELORA_ENTRY_ALL,
                      MOELORA_ENTRY_LOGITS, MOELORA_ENTRY_IDS});
}

} // namespace

Case makeCase(uint64_t seed) {
  Random random(seed);
  Case result;
  result.seed = seed;
  moelora_layer &layer = result.layer;
  layer.dtype = random.pick({MOELORA_BF16, MOELORA_F16, MOELORA_F32});
  int32_t experts = random.pick({1, 2, 3, 4, 5, 8, 13, 16, 31, 64, 128, 256});
  // Many experts are small ones: the reference is slow.
  int64_t most = experts > 31 ? 40 : 150;
  layer.hidden = random.between(1, most);
  layer.intermediate = random.between(1, most);
  layer.routed_scale = random.oneIn(4) ? 2.5f : 1;
  layer.router = makeRouter(random, experts);
  layer.activation = makeActivation(random);
  makeShared(random, layer);
  result.options = makeOptions(random);
  result.entry = makeEntry(random, result.options.given);
  if (result.entry == MOELORA_ENTRY_LOGITS && random.oneIn(2))
    addChoice(random, layer.router);
  result.tokens = random.pick<int64_t>({0, 1, 1, 2, 3, 5, 8, 17, 50, 99});
  return result;
}

bool Case::has(moelora_role role) const {
  switch (role) {
  case MOELORA_HIDDEN:
  case MOELORA_GATE_UP_WEIGHT:
  case MOELORA_DOWN_WEIGHT:
    return true;
  case MOELORA_SLOTS:
    return options.slots > 0;
  case MOELORA_ROUTER_WEIGHT:
    return entry == MOELORA_ENTRY_ALL;
  case MOELORA_ROUTER_BIAS:
    return entry == MOELORA_ENTRY_ALL && options.routerBias;
  case MOELORA_ROUTER_LOGITS:
    return entry == MOELORA_ENTRY_LOGITS;
  case MOELORA_SELECTION_BIAS:
    return layer.router.bias_on != MOELORA_BIAS_NONE;
  case MOELORA_EXPERT_IDS:
  case MOELORA_EXPERT_WEIGHTS:
    return entry == MOELORA_ENTRY_IDS;
  case MOELORA_GATE_UP_BIAS:
    return options.gateUpBias;
  case MOELORA_DOWN_BIAS:
    return options.downBias;
  case MOELORA_SHARED_GATE_UP_WEIGHT:
  case MOELORA_SHARED_DOWN_WEIGHT:
    return layer.shared > 0;
  case MOELORA_SHARED_SCORE_WEIGHT:
    return layer.shared > 0 && layer.shared_score;
  default:
    return false;
  }
}

std::string describe(const Case &c) {
  const moelora_layer &layer = c.layer;
  const char *types[] = {"", "f32", "f16", "bf16"};
  const char *entries[] = {"all", "logits", "ids"};
  std::ostringstream text;
  text << types[layer.dtype] << " E " << layer.router.experts << " k "
       << layer.router.top_k << " H " << layer.hidden << " I "
       << layer.intermediate << " shared " << layer.shared << " T " << c.tokens
       << " slots " << c.options.slots << " max_rank " << c.options.maxRank
       << " from " << entries[c.entry] << (c.options.gateUpBias ? " b13" : "")
       << (c.options.downBias ? " b2" : "")
       << (c.options.routerBias ? " br" : "") << " groups "
       << layer.router.groups << " bias_on " << layer.router.bias_on;
  return text.str();
}

} // namespace moelora::differential
