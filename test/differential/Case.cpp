// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Small layers of odd sizes, with every feature in every fourth or so.

#include "Case.h"
#include "moelora/reference/ExactData.h"

#include <algorithm>
#include <sstream>

namespace moelora::differential {
namespace {

void addClamp(Random &random, moelora_activation &activation) {
  activation.clamp = random.pick({MOELORA_CLAMP_PRE, MOELORA_CLAMP_POST});
  activation.gate_max = 0.75f;
  activation.up_limit = 0.5f;
}

moelora_activation makeActivation(Random &random) {
  moelora_activation result = {};
  result.function = MOELORA_SILU;
  result.gated = 1;
  result.alpha = 1;
  if (random.oneIn(3))
    return result;
  result.function = random.pick({MOELORA_SILU, MOELORA_SILU, MOELORA_GELU_TANH,
                                 MOELORA_GELU, MOELORA_RELU2});
  bool silu = result.function == MOELORA_SILU;
  result.gated = !random.oneIn(3);
  if (silu && random.oneIn(2))
    result.alpha = 1.702f;
  if (!result.gated)
    return result;
  if (random.oneIn(2))
    addClamp(random, result);
  result.up_offset = random.oneIn(3) ? 1 : 0;
  if (silu && random.oneIn(3)) {
    result.gate_cap = 0.5f;
    result.up_cap = 0.75f;
  }
  return result;
}

void addShared(Random &random, moelora_layer &layer) {
  layer.shared_activation = makeActivation(random);
  layer.shared_scale = 1;
  if (!random.oneIn(3))
    return;
  layer.shared = random.between(1, 40);
  layer.shared_score = random.oneIn(2);
  layer.shared_scale = random.oneIn(3) ? 0.5f : 1;
}

/// Experts without weights, in addition to at least one with weights.
void addZeroExperts(Random &random, moelora_layer &layer, int32_t experts) {
  if (experts < 3 || !random.oneIn(5))
    return;
  layer.zero_experts = int32_t(random.between(1, std::min(experts - 1, 20)));
  layer.zero_kind = random.pick({MOELORA_ZERO_IDENTITY, MOELORA_ZERO_DROP});
}

void addNorms(Random &random, moelora_layer &layer) {
  layer.router_input = random.oneIn(5);
  if (random.oneIn(5))
    layer.router_norm = {1, 1e-6f, 0.5f};
  if (random.oneIn(6))
    layer.output_norm = {1, 1e-5f, random.oneIn(2) ? 1 : 0.5f};
}

/// Any of them; those of parts that a layer lacks mean nothing.
void addBiases(Random &random, moelora_layer &layer) {
  if (random.oneIn(2))
    return;
  layer.biases = uint32_t(random.below(2 * MOELORA_HAS_LATENT_OUT_BIAS));
  if (layer.weight_on_input)
    layer.biases &= ~uint32_t(MOELORA_HAS_GATE_UP_BIAS);
  if (!layer.shared)
    layer.biases &= ~uint32_t(MOELORA_HAS_SHARED_GATE_UP_BIAS |
                              MOELORA_HAS_SHARED_DOWN_BIAS);
  if (!layer.latent)
    layer.biases &=
        ~uint32_t(MOELORA_HAS_LATENT_IN_BIAS | MOELORA_HAS_LATENT_OUT_BIAS);
}

moelora_layer makeLayer(Random &random) {
  moelora_layer layer = {};
  layer.dtype = random.pick({MOELORA_BF16, MOELORA_F16, MOELORA_F32});
  layer.router_dtype = random.oneIn(4) ? MOELORA_F32 : layer.dtype;
  int32_t experts =
      random.pick({1, 2, 3, 4, 5, 8, 12, 13, 16, 31, 64, 128, 256});
  // Many experts are small ones: the reference is slow.
  int64_t most = experts > 31 ? 40 : 150;
  layer.hidden = random.between(1, most);
  layer.intermediate = random.between(1, most);
  layer.latent = random.oneIn(5) ? random.between(1, most) : 0;
  layer.routed_scale = random.oneIn(4) ? 2.5f : 1;
  layer.weight_on_input = random.oneIn(5);
  addZeroExperts(random, layer, experts);
  layer.router = makeRouter(random, experts, layer.zero_experts == 0);
  layer.activation = makeActivation(random);
  addShared(random, layer);
  addNorms(random, layer);
  addBiases(random, layer);
  return layer;
}

LayerOptions makeOptions(Random &random) {
  LayerOptions result;
  result.slots = random.pick<int64_t>({0, 1, 2, 4, 7});
  result.maxRank = random.pick<int64_t>({16, 33, 64});
  result.given = random.pick(
      {Given::Nothing, Given::Nothing, Given::Logits, Given::Choice});
  return result;
}

/// A layer with a router of its own has all three entry points.
moelora_entry_kind makeEntry(Random &random, Given given) {
  if (given == Given::Logits)
    return random.pick({MOELORA_ENTRY_LOGITS, MOELORA_ENTRY_IDS});
  if (given == Given::Choice)
    return MOELORA_ENTRY_IDS;
  return random.pick({MOELORA_ENTRY_ALL, MOELORA_ENTRY_ALL,
                      MOELORA_ENTRY_LOGITS, MOELORA_ENTRY_IDS});
}

} // namespace

Case makeCase(uint64_t seed, bool exact) {
  Random random(seed);
  Case result;
  result.seed = seed;
  result.layer = makeLayer(random);
  result.options = makeOptions(random);
  result.entry = makeEntry(random, result.options.given);
  result.tokens = random.pick<int64_t>({0, 1, 1, 2, 3, 5, 8, 17, 50, 99});
  if (exact) {
    result.exact = true;
    result.layer = reference::exactLayer(result.layer);
    result.options.given = Given::Choice;
    result.entry = MOELORA_ENTRY_IDS;
  }
  return result;
}

bool Case::has(moelora_role role) const {
  return reference::operandsOf(layer, reference::Entry(entry)) >> role & 1;
}

std::string describe(const Case &c) {
  const moelora_layer &layer = c.layer;
  const moelora_router &router = layer.router;
  const char *types[] = {"", "f32", "f16", "bf16"};
  const char *entries[] = {"all", "logits", "ids"};
  std::ostringstream text;
  auto note = [&](const char *name, auto value) {
    if (value)
      text << ' ' << name << ' ' << value;
  };
  text << types[layer.dtype] << " E " << router.experts << " k " << router.top_k
       << " H " << layer.hidden << " I " << layer.intermediate << " T "
       << c.tokens << " from " << entries[c.entry];
  note("slots", c.options.slots);
  note("max_rank", c.options.slots ? c.options.maxRank : 0);
  note("latent", layer.latent);
  note("shared", layer.shared);
  note("zero", layer.zero_experts);
  note("on_input", layer.weight_on_input);
  note("biases", layer.biases);
  note("router_input", layer.router_input);
  note("router_norm", layer.router_norm.present);
  note("output_norm", layer.output_norm.present);
  note("score", router.score);
  note("always", router.always);
  note("bias_on", router.bias_on);
  note("groups", router.groups > 1 ? router.groups : 0);
  note("table", router.table_rows);
  note("renormalize", router.renormalize);
  return text.str();
}

} // namespace moelora::differential
