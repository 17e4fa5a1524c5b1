// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Families that balance their load by a bias: sigmoid scores, a bias that
// affects only the choice, groups scored by their two best experts, and
// optional renormalisation.

#include "FamilyTables.h"

namespace moelora::models {

namespace {

using namespace names;

constexpr Keys sharedNumber = {"n_shared_experts", "num_shared_experts"};

constexpr moelora_adapter_names noAuxNames =
    withShared(plain(), names::sharedExperts);

constexpr uint32_t sharedBiases =
    MOELORA_HAS_SHARED_GATE_UP_BIAS | MOELORA_HAS_SHARED_DOWN_BIAS;

/// The common part of the rows below.
struct NoAux {
  const char *modelType;
  int64_t dense;  // layers without experts at the beginning
  double scale;   // of the weights
  int64_t groups; // absent keys: this number of groups,
  int64_t top;    // and of groups that are kept
  int64_t shared = 1;
};

constexpr Family noAux(NoAux facts) {
  return {
      .modelType = facts.modelType,
      .shared = {.number = {sharedNumber, facts.shared, 0}},
      .dense = {{"first_k_dense_replace"}, facts.dense},
      .routes = {noAuxTc()},
      .groups = {{"n_group", "num_expert_group"}, facts.groups, 1},
      .topGroups = {{"topk_group"}, facts.top, 1},
      .scale = {{"routed_scaling_factor"}, facts.scale, 1},
      .routerType = MOELORA_F32,
      .demands = {{"topk_method", R"(["noaux_tc"])"}},
      .names = noAuxNames,
  };
}

/// Their own repositories name it expert_bias, and libraries use the usual
/// name.
constexpr Keys bailingBias = {"mlp.gate.expert_bias",
                              "mlp.gate.e_score_correction_bias"};

constexpr Family withBiasAt(Family family, Keys selectionBias) {
  family.storage.selectionBias = selectionBias;
  return family;
}

/// The gate is limited from above, up from both sides.
constexpr Family withLimit(Family family, bool sharedIsPlain) {
  family.activation = limited(MOELORA_CLAMP_PRE);
  family.limit = {{"swiglu_limit"}, 10, 0};
  family.demands[1] = {"hidden_act", R"(["silu"])"};
  family.shared.plain = sharedIsPlain;
  return family;
}

/// Routed and shared experts are normalised together.
constexpr Family axk1 = [] {
  Family family = noAux({"axk1", 1, 2.5, 8, 4});
  family.outputNorm = true;
  family.storage.outputNorm = {"post_mlp_layernorm.weight",
                               "mlp.post_mlp_layernorm.weight"};
  return family;
}();

/// Dropped groups get zero.
constexpr Family axk2 = [] {
  Family family = noAux({"axk2", 1, 2.5, 1, 1});
  family.routes[0].router.group_fill_zero = 1;
  return family;
}();

/// Always renormalised, independent of norm_topk_prob. The classes of Ling and
/// of Ming have this type in common, but not all of its defaults.
constexpr Family bailingMoeV2 = [] {
  Family family =
      withBiasAt(noAux({"bailing_moe_v2", 0, 1, 8, 4}), bailingBias);
  family.routes[0] = keepingSingle(family.routes[0]);
  family.routes[0].renormalize = fixed(true);
  family.stated = {"num_shared_experts", "first_k_dense_replace",
                   "routed_scaling_factor"};
  family.demands[1] = {"router_type", R"(["topN"])"};
  return family;
}();

constexpr Family beam = [] {
  Family family = noAux({"beam", 3, 2.5, 8, 4});
  family.shared = {};
  family.scaleOnOutput = true;
  family.names = plain();
  return family;
}();

constexpr Family dots1 = [] {
  Family family = noAux({"dots1", 0, 1, 1, 1, 0});
  family.routes[0] = noAuxTc(false);
  return family;
}();

/// The width of a shared expert has a separate key.
constexpr Family dots3Note = [] {
  Family family = noAux({"dots3_note", 1, 1, 1, 1});
  family.shared.width = {{"shared_experts_intermediate_size",
                          "moe_shared_expert_intermediate_size"},
                         1536};
  return family;
}();

constexpr Family kimiLinear = [] {
  Family family = withBiasAt(noAux({"kimi_linear", 1, 2.446, 1, 1}),
                             {"block_sparse_moe.gate.e_score_correction_bias",
                              "mlp.gate.e_score_correction_bias"});
  family.names =
      withShared(withBlock(plain(), blockSparseMoeOrMlp), names::sharedExperts);
  family.names.gate = w1;
  family.names.up = w3;
  family.names.down = w2;
  return family;
}();

/// Files of transformers 5 name the shared gate linear_gate.
constexpr Family hyV4 = [] {
  Family family = withLimit(noAux({"hy_v4", 1, 2.827, 1, 1}), true);
  family.names.shared_gate = names::gateOrLinearGate;
  family.names.shared_up = names::upProjTwice;
  return family;
}();

constexpr Family mimoV2Flash = [] {
  Family family = noAux({"mimo_v2_flash", 1, 1, 1, 1});
  family.shared = {};
  family.names = plain();
  return family;
}();

/// Experts without a gate, optionally in a latent space, between layers of
/// other kinds. The shared expert's width is not multiplied by a number of
/// experts.
constexpr Family nemotronH = [] {
  Family family = withBiasAt(noAux({"nemotron_h", 0, 1, 1, 1}),
                             {"mixer.gate.e_score_correction_bias"});
  family.layerRule = LayerRule::Pattern;
  family.latent = {{"moe_latent_size"}, 0, 0};
  family.shared.number = {{}, 1};
  family.shared.width = {{"moe_shared_expert_intermediate_size"}, 7688};
  family.function = {"mlp_hidden_act"};
  family.activation = relu2();
  family.biasKey = {{"mlp_bias"}, false};
  family.biasesByKey =
      sharedBiases | MOELORA_HAS_LATENT_IN_BIAS | MOELORA_HAS_LATENT_OUT_BIAS;
  moelora_adapter_names &n = family.names;
  n = withShared(withBlock(plain(), mixer), names::sharedExperts);
  n.gate = n.shared_gate = nullptr;
  n.packed_gate_up = upProj;
  n.latent_in = fc1Latent;
  n.latent_out = fc2Latent;
  family.storage.gateUp = {{{{"experts.up_proj"}, "e,sr,c"}}};
  return family;
}();

constexpr Family table[] = {
    axk1,
    axk2,
    withBiasAt(noAux({"bailing_hybrid", 2, 2.5, 8, 4}), bailingBias),
    bailingMoeV2,
    beam,
    noAux({"deepseek_v3", 3, 2.5, 8, 4}),
    dots1,
    dots3Note,
    withBiasAt(
        noAux({"exaone_moe", 1, 2.5, 1, 1}),
        {"mlp.e_score_correction_bias", "mlp.gate.e_score_correction_bias"}),
    noAux({"glm4_moe", 1, 1, 1, 1}),
    noAux({"glm4_moe_lite", 1, 1.8, 1, 1}),
    withLimit(noAux({"glm5_next", 3, 2.5, 1, 1}), false),
    noAux({"glm_moe_dsa", 3, 2.5, 1, 1}),
    hyV4,
    kimiLinear,
    mimoV2Flash,
    nemotronH,
    noAux({"sarvam_mla", 1, 2.5, 1, 1}),
    withBiasAt(noAux({"sarvam_moe", 1, 2.5, 1, 1}), bailingBias),
    noAux({"solar_open", 0, 1, 1, 1}),
};

} // namespace

std::span<const Family> noAuxFamilies() { return table; }

} // namespace moelora::models
