// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Families whose weights are a softmax over all experts.

#include "FamilyTables.h"

namespace moelora::models {

namespace {

using namespace names;

constexpr Keys intermediateSize = {"intermediate_size"};

// ---- Names and forms that several families share

/// block_sparse_moe.experts.E.{w1,w3,w2}; libraries also name the block mlp.
constexpr moelora_adapter_names mixtralNames =
    withW123(withBlock(plain(), blockSparseMoeOrMlp));

constexpr moelora_adapter_names qwenNames = [] {
  moelora_adapter_names n = withShared(plain(), names::sharedExpert);
  n.shared_score = sharedExpertGate;
  return n;
}();

constexpr Shared qwenShared = {
    .number = {{}, 1},
    .width = {{"shared_expert_intermediate_size"}, 512},
    .scored = true,
};

constexpr uint32_t sharedBiases =
    MOELORA_HAS_SHARED_GATE_UP_BIAS | MOELORA_HAS_SHARED_DOWN_BIAS;

constexpr moelora_adapter_names dbrxNames = [] {
  moelora_adapter_names n =
      withRouter(withBlock(plain(), names::ffn), routerLayer);
  n.container = "blocks";
  return n;
}();

constexpr Family gemma4(const char *modelType, Flag enabled) {
  return {
      .modelType = modelType,
      .topK = {"top_k_experts", "num_experts_per_tok"},
      .enabled = enabled,
      .layerRule = LayerRule::Every,
      .routes = {softmaxTopK(fixed(true))},
      .expertScale = true,
      .routerInput = true,
      .routerType = MOELORA_F32,
      .function = {"hidden_activation"},
      .activation = geluTanhMul(),
      .routerNorm = true,
      .names = withRouter(withBlock(plain(), root), routerProj),
      .storage = {.expertScale = {"router.per_expert_scale"},
                  .routerNorm = {"router.scale"}},
  };
}

constexpr Family deepseekV2(const char *modelType, int64_t dense) {
  constexpr Route all = softmaxTopK(fixed(false));
  return {
      .modelType = modelType,
      .shared = {.number = {{"n_shared_experts"}, 2, 0}},
      .dense = {{"first_k_dense_replace"}, dense},
      .routeKey = {"topk_method"},
      .routes = {under("greedy", all),
                 under("group_limited_greedy",
                       grouped(all, MOELORA_GROUP_MAX, true))},
      .scale = {{"routed_scaling_factor"}, 1, 1},
      .routerType = MOELORA_F32,
      .biasKey = {{"mlp_bias"}, false},
      .biasesByKey = sharedBiases,
      .names = withShared(plain(), names::sharedExperts),
  };
}

constexpr Family mistral4(const char *modelType, Flag renormalize,
                          int64_t dense) {
  Route route = grouped(softmaxTopK(renormalize), MOELORA_GROUP_TOP2_SUM, true);
  route.router.epsilon = 1e-20f;
  return {
      .modelType = modelType,
      .shared = {.number = {{"n_shared_experts"}, 1, 0}},
      .dense = {{"first_k_dense_replace"}, dense},
      .routes = {route},
      .scale = {{"routed_scaling_factor"}, 1, 1},
      .names = withShared(withW123(plain()), names::sharedExperts),
  };
}

/// Routers are kept in f32, and the parts of a block are in the layer itself.
constexpr Family mistralLarge4 = [] {
  Family family = mistral4("mistral_large4", fixed(true), 1);
  family.routerType = MOELORA_F32;
  family.storage.blocks = {""};
  return family;
}();

// ---- The table

constexpr Family table[] = {
    {
        .modelType = "bailing_moe",
        .shared = {.number = {{"num_shared_experts"}, 0, 0}},
        .routes = {keepingSingle(softmaxTopK({{"norm_topk_prob"}, true}))},
        .names = withShared(plain(), names::sharedExperts),
    },
    {
        .modelType = "dbrx",
        .hidden = {"d_model", "hidden_size"},
        .intermediate = {"ffn_config.ffn_hidden_size"},
        .experts = {"ffn_config.moe_num_experts"},
        .topK = {"ffn_config.moe_top_k"},
        .layerRule = LayerRule::Every,
        .routes = {softmaxTopK(fixed(true))},
        .normP = {{"ffn_config.moe_normalize_expert_weights"}, 1, 0},
        .function = {"ffn_config.ffn_act_fn.name"},
        .names = dbrxNames,
        .storage = {.gateUp = {{{{"experts.mlp.w1", "experts.mlp.v1"},
                                 "er,c"}}},
                    .down = {{{{"experts.mlp.w2"}, "ec,r"}}}},
    },
    {
        .modelType = "deepseek",
        .shared = {.number = {{"n_shared_experts"}, 0, 0}},
        .routes = {keepingSingle(softmaxTopK({{"norm_topk_prob"}, false}))},
        .names = withShared(plain(), names::sharedExperts),
    },
    deepseekV2("deepseek_v2", 0),
    gemma4("diffusion_gemma", fixed(true)),
    {
        .modelType = "ernie4_5_moe",
        .shared = {.number = {{"moe_num_shared_experts"}, 2, 0}},
        .layerRule = LayerRule::Interval,
        .routes = {[] {
          Route route = biased(MOELORA_SCORE_SOFTMAX, fixed(true), 1e-12f);
          route.router.renormalize = MOELORA_RENORMALIZE_CLAMP;
          return route;
        }()},
        .epsilon = {{"moe_norm_min"}, 1e-12},
        .routerType = MOELORA_F32,
        .biasKey = {{"use_bias"}, false},
        .biasesByKey = sharedBiases,
        .names = withShared(plain(), names::sharedExperts),
        .storage =
            {.selectionBias = {"mlp.moe_statics.e_score_correction_bias",
                               "mlp.gate.moe_statics.e_score_correction_bias"}},
    },
    gemma4("gemma4", {{"enable_moe_block"}, false}),
    {
        .modelType = "hunyuan_v1_moe",
        .intermediate = {"intermediate_size", "moe_intermediate_size"},
        .perLayer = true,
        .shared = {.number = {{"num_shared_expert"}, 1}},
        .layerRule = LayerRule::Every,
        .routes = {softmaxTopK(fixed(true))},
        .routerType = MOELORA_F32,
        .demands = {{"use_mixed_mlp_moe", "[true]"}},
        .names = withShared(withRouter(plain(), gateWg), names::sharedMlp),
    },
    {
        .modelType = "jamba",
        .intermediate = intermediateSize,
        .layerRule = LayerRule::Period,
        .routes = {softmaxTopK(fixed(false))},
        .names =
            withRouter(withBlock(plain(), names::feedForward), names::router),
    },
    {
        .modelType = "longcat_flash",
        .layers = {"num_layers"},
        .halfLayers = {"num_hidden_layers"},
        .intermediate = {"expert_ffn_hidden_size", "moe_intermediate_size"},
        .zeroExperts = {{"zero_expert_num"}, 256, 0},
        .layerRule = LayerRule::Every,
        .routes = {biased(MOELORA_SCORE_SOFTMAX, fixed(false), 0)},
        .scale = {{"routed_scaling_factor"}, 6, 1},
        .demands = {{"zero_expert_type", R"(["identity"])"},
                    {"router_bias", "[false]"}},
        .names = withRouter(plain(), routerClassifier),
        .storage = {.selectionBias = {"mlp.router.e_score_correction_bias"}},
    },
    {
        .modelType = "lara_mini",
        .shared = {.number = {{}, 1},
                   .width = {{"shared_expert_intermediate_size"}, 512}},
        .layerRule = LayerRule::Every,
        .routes = {softmaxTopK({{"norm_topk_prob"}, true})},
        .names = withShared(plain(), names::sharedExpert),
    },
    {
        .modelType = "mellum",
        .layerRule = LayerRule::Every,
        .routes = {softmaxTopK({{"norm_topk_prob"}, true})},
        .names = plain(),
    },
    {
        .modelType = "minimax",
        .intermediate = intermediateSize,
        .layerRule = LayerRule::Every,
        .routes = {softmaxTopK(fixed(true))},
        .demands = {{"shared_intermediate_size", "[0]"}},
        .names = mixtralNames,
    },
    mistral4("mistral4", {{"norm_topk_prob"}, true}, 0),
    mistralLarge4,
    {
        .modelType = "mixtral",
        .intermediate = intermediateSize,
        .layerRule = LayerRule::Every,
        .routes = {softmaxTopK(fixed(true))},
        .names = mixtralNames,
    },
    {
        .modelType = "olmoe",
        .intermediate = intermediateSize,
        .layerRule = LayerRule::Every,
        .names = withBlindRule(plain(), MOELORA_BLIND_OUT_IN),
    },
    {
        .modelType = "qwen2_moe",
        .shared = {.number = {{}, 1},
                   .width = {{"shared_expert_intermediate_size"}, 5632},
                   .scored = true},
        .layerRule = LayerRule::SparseStep,
        .names = qwenNames,
    },
    {
        .modelType = "qwen3_5_moe",
        .shared = qwenShared,
        .layerRule = LayerRule::Every,
        .routes = {softmaxTopK(fixed(true))},
        .names = qwenNames,
    },
    {
        .modelType = "qwen3_moe",
        .layerRule = LayerRule::SparseStep,
    },
    {
        .modelType = "qwen3_next",
        .shared = qwenShared,
        .layerRule = LayerRule::SparseStep,
        .routes = {softmaxTopK({{"norm_topk_prob"}, true})},
        .names = qwenNames,
    },
    {
        .modelType = "qwen3_omni_moe",
        .layerRule = LayerRule::SparseStep,
        .routes = {softmaxTopK({{"norm_topk_prob"}, true})},
    },
    {
        .modelType = "qwen3_omni_moe_talker_text",
        .shared = {.number = {{}, 1},
                   .width = {{"shared_expert_intermediate_size"}, 768},
                   .scored = true},
        .layerRule = LayerRule::SparseStep,
        .names = qwenNames,
    },
    {
        // Published files are transposed; files that libraries save are not.
        .modelType = "qwen3_vl_moe",
        .layerRule = LayerRule::SparseStep,
        .routes = {softmaxTopK(fixed(true))},
        .storage = {.gateUp = {{{{"experts.gate_up_proj"}, "e,sr,c"},
                                {{"experts.gate_up_proj"}, "e,c,sr"}}},
                    .down = {{{{"experts.down_proj"}, "e,r,c"},
                              {{"experts.down_proj"}, "e,c,r"}}}},
    },
    {
        .modelType = "qwen4_exp",
        .shared = qwenShared,
        .layerRule = LayerRule::Every,
        .routes = {softmaxTopK({{"norm_topk_prob"}, true})},
        .names = qwenNames,
    },
    deepseekV2("unlimited_ocr", 1),
};

} // namespace

std::span<const Family> softmaxFamilies() { return table; }

} // namespace moelora::models
