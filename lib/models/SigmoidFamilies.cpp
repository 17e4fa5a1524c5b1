// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Families that score each expert separately, without groups.

#include "FamilyTables.h"

namespace moelora::models {

namespace {

using namespace names;

constexpr Keys intermediateSize = {"intermediate_size"};

constexpr uint32_t sharedBiases =
    MOELORA_HAS_SHARED_GATE_UP_BIAS | MOELORA_HAS_SHARED_DOWN_BIAS;

/// A bias affects the choice. Always renormalised.
constexpr Route sigmoidBias(float epsilon) {
  return biased(MOELORA_SCORE_SIGMOID, fixed(true), epsilon);
}

constexpr moelora_adapter_names minimaxNames =
    withW123(withBlock(plain(), blockSparseMoeOrMlp));

/// The shared expert's gate and up are one linear module, or two.
constexpr moelora_adapter_names minimaxM3Names = [] {
  moelora_adapter_names n = withShared(minimaxNames, names::sharedExperts);
  n.shared_gate_up = gateUpProj;
  return n;
}();

/// Gate and up are limited by tanh.
constexpr Family inkling2 = {
    .modelType = "inkling2",
    .intermediate = {"moe_intermediate_size", "intermediate_size"},
    .layerRule = LayerRule::Every,
    .routeKey = {"scoring_func"},
    .routes = {under("sigmoid", sigmoidBias(1e-20f))},
    .scale = {{"route_scale", "routed_scaling_factor"}, 8, 1},
    .routerType = MOELORA_F32,
    .gateCap = {{"mlp_gate_softcap"}, 4, 0},
    .upCap = {{"mlp_up_softcap"}, 25, 0},
    .demands = {{"hidden_act", R"(["silu"])"}},
    .storage = {.gateUp = {{{{"experts.w13_weight"}, "e,rs,c"},
                            {{"experts.gate_up_proj"}, "e,sr,c"}}},
                .down = {{{{"experts.w2_weight"}, "e,r,c"},
                          {{"experts.down_proj"}, "e,r,c"}}},
                .selectionBias = {"mlp.gate.bias",
                                  "mlp.gate.e_score_correction_bias"}},
};

/// Shared experts have weights like the chosen ones: they are the last experts,
/// and every token chooses them.
constexpr Family inkling = [] {
  Family family = inkling2;
  family.modelType = "inkling_mm_model";
  family.intermediate = {"moe_intermediate_size"};
  family.denseWidth = "dense_intermediate_size";
  family.always = {{"n_shared_experts"}, 2};
  family.routerType = {};
  family.layerRule = LayerRule::AfterDense;
  family.dense = {{"dense_mlp_idx"}, 0};
  family.routes[0] = under("sigmoid", sigmoidBias(0));
  family.expertScale = true;
  family.gateCap = family.upCap = {};
  family.demands[0] = {"shared_expert_sink", "[true]"};
  Storage &s = family.storage;
  s.alwaysGateUp = {
      {{{"shared_experts.shared_w13_weight"}, "e,rs,c"},
       {{"shared_experts.gate_proj", "shared_experts.up_proj"}, "e,r,c"}}};
  s.alwaysDown = {{{{"shared_experts.shared_w2_weight"}, "e,r,c"},
                   {{"shared_experts.down_proj"}, "e,r,c"}}};
  s.expertScale = {"mlp.gate.global_scale"};
  return family;
}();

constexpr Route sqrtSoftplus(const char *word, moelora_score score) {
  return under(word, biased(score, fixed(true), 1e-20f));
}

constexpr Family table[] = {
    {
        .modelType = "afmoe",
        .shared = {.number = {{"num_shared_experts"}, 2, 0}},
        .dense = {{"num_dense_layers"}, 1},
        .routes = {sigmoidBias(1e-20f)},
        .scale = {{"route_scale"}, 1, 1},
        .demands = {{"route_norm", "[true]"}},
        .names =
            withShared(withRouter(plain(), routerGate), names::sharedExperts),
        .storage = {.selectionBias = {"mlp.expert_bias"}},
    },
    {
        .modelType = "deepseek_v4",
        .intermediate = {"moe_intermediate_size", "intermediate_size"},
        // The shared expert has the width of one routed expert, independent of
        // n_shared_experts.
        .shared = {.number = {{}, 1}},
        .layerRule = LayerRule::HashFirst,
        .dense = {{"num_hash_layers"}, 3},
        .routeKey = {"scoring_func"},
        .routes = {sqrtSoftplus("sqrtsoftplus", MOELORA_SCORE_SQRTSOFTPLUS),
                   sqrtSoftplus("sigmoid", MOELORA_SCORE_SIGMOID),
                   sqrtSoftplus("softmax", MOELORA_SCORE_SOFTMAX)},
        .scale = {{"routed_scaling_factor"}, 1.5, 1},
        .activation = limited(MOELORA_CLAMP_PRE),
        .limit = {{"swiglu_limit"}, 10, 0},
        .biasKey = {{"mlp_bias"}, false},
        .biasesByKey = sharedBiases,
        .demands = {{"n_shared_experts", "[1]"},
                    {"topk_method", R"(["noaux_tc"])"}},
        .names = withShared(withW123(withBlock(plain(), ffnOrMlp)),
                            names::sharedExperts),
        .storage = {.selectionBias = {"ffn.gate.bias",
                                      "mlp.gate.e_score_correction_bias"},
                    .tokenTable = {"ffn.gate.tid2eid", "mlp.gate.tid2eid"}},
    },
    {
        .modelType = "flint",
        .shared = {.number = {{}, 1},
                   .width = {{"shared_expert_intermediate_size"}, 1024}},
        .layerRule = LayerRule::SparseStep,
        .dense = {{}, 2},
        .routes = {plainRoute(MOELORA_SCORE_SIGMOID,
                              {{"norm_topk_prob"}, true})},
        .routerType = MOELORA_F32,
        .names = withShared(plain(), names::sharedExpert),
    },
    {
        .modelType = "hy_v3",
        .shared = {.number = {{"num_shared_experts"}, 1, 0}},
        .dense = {{"first_k_dense_replace"}, 1},
        .routes = {sigmoidBias(1e-20f)},
        .scale = {{"router_scaling_factor"}, 2.826, 1},
        .routerType = MOELORA_F32,
        .biasKey = {{"mlp_bias"}, false},
        .biasesByKey = sharedBiases,
        .names =
            withShared(withRouter(plain(), routerGate), sharedMlpOrExperts),
        .storage = {.selectionBias = {"mlp.expert_bias",
                                      "mlp.e_score_correction_bias"}},
    },
    inkling2,
    inkling,
    {
        // The bias is added to the logits, not to their sigmoids.
        .modelType = "kolibri1",
        .shared = {.number = {{}, 1},
                   .width = {{"shared_expert_intermediate_size"}, 512}},
        .layerRule = LayerRule::Every,
        .routes = {[] {
          Route route =
              biased(MOELORA_SCORE_SIGMOID, {{"norm_topk_prob"}, false}, 0);
          route.router.bias_on = MOELORA_BIAS_ON_LOGIT;
          return route;
        }()},
        .names = withShared(plain(), names::sharedExperts),
        .storage = {.selectionBias = {"moe.router.expert_bias",
                                      "mlp.gate.e_score_correction_bias"}},
    },
    {
        .modelType = "laguna",
        .shared = {.number = {{}, 1},
                   .width = {{"shared_expert_intermediate_size"}, 512}},
        .layerRule = LayerRule::SparseStep,
        .dense = {{}, 1},
        .routes = {sigmoidBias(0)},
        .scale = {{"moe_routed_scaling_factor"}, 1, 1},
        .scaleOnOutput = true,
        .softcap = {{"moe_router_logit_softcapping"}, 0, 0},
        .names = withShared(plain(), sharedExpertOrExperts),
        .storage = {.selectionBias = {"mlp.experts.e_score_correction_bias",
                                      "mlp.gate.e_score_correction_bias"}},
    },
    {
        .modelType = "lfm2_moe",
        .dense = {{"num_dense_layers"}, 2},
        .routes = {biased(MOELORA_SCORE_SIGMOID, {{"norm_topk_prob"}, true},
                          1e-6f)},
        .selectionBias = {{"use_expert_bias"}, true},
        .scale = {{"routed_scaling_factor"}, 1, 1},
        .demands = {{"hidden_act", R"(["silu"])"}},
        .names = withW123(withBlock(plain(), names::feedForward)),
        .storage = {.selectionBias = {"feed_forward.expert_bias"}},
    },
    {
        .modelType = "minimax_m2",
        .intermediate = intermediateSize,
        .layerRule = LayerRule::Every,
        .routes = {sigmoidBias(0)},
        .demands = {{"use_routing_bias", "[true]"},
                    {"shared_intermediate_size", "[0]"}},
        .names = withBlindRule(minimaxNames, MOELORA_BLIND_OUT_IN),
        .storage =
            {.selectionBias = {"block_sparse_moe.e_score_correction_bias",
                               "mlp.e_score_correction_bias"}},
    },
    {
        .modelType = "minimax_m3_vl",
        .intermediate = intermediateSize,
        .shared = {.number = {{}, 1},
                   .width = {{"shared_intermediate_size"}, 3072}},
        .routes = {sigmoidBias(0)},
        .scale = {{"routed_scaling_factor"}, 2, 1},
        .scaleOnOutput = true,
        .function = {},
        .activation = swigluOai(),
        .limit = {{"swiglu_limit"}, 7, 0},
        .alpha = {{"swiglu_alpha"}, 1.702},
        .demands = {{"hidden_act", R"(["silu", "swigluoai"])"},
                    {"use_routing_bias", "[true]"}},
        .names = minimaxM3Names,
        .storage =
            {.selectionBias = {"block_sparse_moe.e_score_correction_bias",
                               "mlp.gate.e_score_correction_bias"}},
    },
    {
        // Limits differ between layers, and are applied after the function.
        .modelType = "step3p7",
        .perLayer = true,
        .shared = {.number = {{}, 1},
                   .width = {{"share_expert_dim", "share_expert_dims"}, 1280}},
        .layerRule = LayerRule::Enumerated,
        .dense = {{}, 3},
        .routes = {sigmoidBias(0)},
        .scale = {{"moe_router_scaling_factor"}, 1, 1},
        .scaleOnOutput = true,
        .activation = limited(MOELORA_CLAMP_POST),
        .limits = {"swiglu_limits"},
        .sharedLimits = {"swiglu_limits_shared"},
        .biasKey = {{"mlp_bias"}, false},
        .biasesByKey = sharedBiases,
        .names = withShared(withBlock(plain(), mlpOrMoeOrLayer),
                            sharedExpertsOrShareExpert),
        .storage = {.blocks = {"moe"},
                    .gateUp = {{{{"experts.gate_up_proj"}, "e,sr,c"},
                                {{"gate_proj.weight", "up_proj.weight"},
                                 "e,r,c"}}},
                    .down = {{{{"experts.down_proj"}, "e,r,c"},
                              {{"down_proj.weight"}, "e,r,c"}}},
                    .sharedModules = {"share_expert"},
                    .selectionBias = {"moe.router_bias",
                                      "mlp.gate.e_score_correction_bias"}},
    },
};

} // namespace

std::span<const Family> sigmoidFamilies() { return table; }

} // namespace moelora::models
