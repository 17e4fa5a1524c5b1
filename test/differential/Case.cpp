// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Small layers of odd sizes, with every feature in every fourth or so.

#include "Case.h"
#include "moelora/reference/ExactData.h"

#include <algorithm>

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

int64_t makeTokens(Random &random) {
  return random.pick<int64_t>({0, 1, 1, 2, 3, 5, 8, 17, 50, 99});
}

/// A layer that GPUs run. Apart from the generator of the layer, so that the
/// layers of the CPU stay the same.
void addSchedule(Case &c) {
  Random random(c.seed ^ 0x6b0);
  if (c.layer.dtype == MOELORA_F32)
    c.layer.dtype = random.pick({MOELORA_BF16, MOELORA_F16});
  if (random.oneIn(4))
    c.strategy = Strategy::UnfusedPeer;
  // Many experts have small tiles, as a compiler would choose: the emulator
  // computes all of a tile. Most layers have one, because each takes some time
  // to compile.
  constexpr int64_t mostRows = 4096;
  for (int64_t size = 8; size <= 128; size *= 2)
    if (size * c.layer.router.experts <= mostRows)
      c.tiles.push_back(size);
  if (!random.oneIn(5))
    c.tiles = {c.tiles[size_t(random.below(int64_t(c.tiles.size())))]};
  c.planInConsumer = random.oneIn(2);
}

/// One worker, because the layers of a run take all cores.
void chooseEmulator(Random &random, Case &c) {
  c.emulator =
      "emulator:workers=1,seed=" + std::to_string(random.below(1000)) +
      random.pick({"", "", ",schedule=random", ",schedule=adversarial"});
  // NaN, zeros, and neither; as integers -1, 0 and no index.
  c.fill = random.pick<uint8_t>({0xff, 0, 0x3f});
}

} // namespace

Case makeCase(uint64_t seed, const CaseOptions &options) {
  Random random(seed);
  Case result;
  result.seed = seed;
  result.layer = makeLayer(random);
  result.options = makeOptions(random);
  // Apart from the generator of the layer, so that all else stays the same.
  result.options.sharesA = Random(seed ^ 0xa).oneIn(4);
  result.entry = makeEntry(random, result.options.given);
  result.tokens = makeTokens(random);
  chooseEmulator(random, result);
  if (options.emulated)
    addSchedule(result);
  if (options.exact) {
    result.exact = true;
    result.layer = reference::exactLayer(result.layer);
    result.options.given = Given::Choice;
    result.entry = MOELORA_ENTRY_IDS;
  }
  return result;
}

Case withSet(const Case &c, uint64_t set) {
  Case result = c;
  result.set = set;
  if (set == 0)
    return result;
  Random random(reference::mix(c.seed) + set);
  result.entry = makeEntry(random, c.options.given);
  result.tokens = makeTokens(random);
  chooseEmulator(random, result);
  return result;
}

bool Case::has(moelora_role role) const {
  return reference::operandsOf(layer, reference::Entry(entry)) >> role & 1;
}

} // namespace moelora::differential
