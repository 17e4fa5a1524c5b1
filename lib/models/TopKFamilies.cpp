// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Families that choose by logits. The weights are a softmax over the chosen
// logits, or a sigmoid of each.

#include "FamilyTables.h"

namespace moelora::models {

namespace {

using namespace names;

constexpr Keys intermediateSize = {"intermediate_size"};

constexpr uint32_t sharedBiases =
    MOELORA_HAS_SHARED_GATE_UP_BIAS | MOELORA_HAS_SHARED_DOWN_BIAS;

constexpr moelora_adapter_names gptOssNames =
    withRouter(plain(), names::router);

constexpr Storage gptOssStorage = {
    .gateUp = {{{{"experts.gate_up_proj"}, "e,c,rs"}}},
    .down = {{{{"experts.down_proj"}, "e,c,r"}}},
    .gateUpBias = {{{{"experts.gate_up_proj_bias"}, "e,rs"}}},
    .downBias = {{{{"experts.down_proj_bias"}, "e,r"}}},
};

constexpr uint32_t gptOssBiases =
    MOELORA_HAS_ROUTER_BIAS | MOELORA_HAS_GATE_UP_BIAS | MOELORA_HAS_DOWN_BIAS;

constexpr Family gptOss = {
    .modelType = "gpt_oss",
    .intermediate = intermediateSize,
    .layerRule = LayerRule::Every,
    .routes = {topKSoftmax()},
    .function = {},
    .activation = swigluOai(),
    .limit = {{"swiglu_limit"}, 7, 0},
    .alpha = {{"swiglu_alpha"}, 1.702},
    .biases = gptOssBiases,
    .demands = {{"hidden_act", R"(["silu", "swigluoai"])"}},
    .names = withBlindRule(gptOssNames, MOELORA_BLIND_IN_OUT),
    .storage = gptOssStorage,
};

/// Gate rows precede up rows. The library divides weights by k and multiplies
/// outputs by k, which has no effect on the result.
constexpr Family privacyFilter = [] {
  Family family = gptOss;
  family.modelType = "openai_privacy_filter";
  family.names = gptOssNames;
  family.storage.gateUp = {{{{"experts.gate_up_proj"}, "e,c,sr"}}};
  family.storage.gateUpBias = {{{{"experts.gate_up_proj_bias"}, "e,sr"}}};
  return family;
}();

/// Experts are modules with one parameter each, or one module with two.
constexpr moelora_adapter_names graniteNames = [] {
  moelora_adapter_names n =
      withRouter(withBlock(plain(), blockSparseMoeOrLayer), routerLayer);
  n.packed_gate_up = n.shared_gate_up = inputLinear;
  n.packed_down = n.shared_down = outputLinear;
  n.shared = names::sharedMlp;
  n.packed_modules = 1;
  return n;
}();

constexpr Storage graniteStorage = {
    .gateUp = {{{{"input_linear.weight"}, "e,sr,c"},
                {{"experts.gate_up_proj"}, "e,sr,c"}}},
    .down = {{{{"output_linear.weight"}, "e,r,c"},
              {{"experts.down_proj"}, "e,r,c"}}},
};

constexpr Family granite(const char *modelType, Shared shared) {
  return {
      .modelType = modelType,
      .intermediate = intermediateSize,
      .shared = shared,
      .layerRule = LayerRule::Every,
      .routes = {topKSoftmax()},
      .names = graniteNames,
      .storage = graniteStorage,
  };
}

constexpr Shared graniteShared(int64_t width) {
  return {.number = {{}, 1}, .width = {{"shared_intermediate_size"}, width}};
}

constexpr Family table[] = {
    {
        .modelType = "aria",
        .intermediate = intermediateSize,
        .shared = {.number = {{"moe_num_shared_experts"}, 2, 0}},
        .layerRule = LayerRule::Every,
        .routes = {topKSoftmax()},
        .biasKey = {{"mlp_bias"}, false},
        .biasesByKey = sharedBiases,
        .demands = {{"hidden_act", R"(["silu"])"}},
        .names = withShared(withRouter(plain(), names::router),
                            names::sharedExperts),
        .storage = {.gateUp = {{{{"experts.fc1.weight"}, "e,c,sr"},
                                {{"experts.gate_up_proj"}, "e,c,sr"}}},
                    .down = {{{{"experts.fc2.weight"}, "e,c,r"},
                              {{"experts.down_proj"}, "e,c,r"}}}},
    },
    {
        .modelType = "cohere2_moe",
        .intermediate = intermediateSize,
        .shared = {.number = {{"num_shared_experts"}, 0, 0}},
        .routeKey = {"expert_selection_fn"},
        .routes = {under("softmax", topKSoftmax()),
                   under("sigmoid", topKSigmoid({{"norm_topk_prob"}, true}))},
        .combination = {"shared_expert_combination_strategy"},
        .names = withShared(plain(), names::sharedExperts),
    },
    gptOss,
    granite("granitemoe", {}),
    granite("granitemoe_swa", graniteShared(0)),
    granite("granitemoehybrid", graniteShared(1024)),
    granite("granitemoeshared", graniteShared(0)),
    {
        .modelType = "llama4",
        .intermediate = intermediateSize,
        .shared = {.number = {{}, 1}},
        .layerRule = LayerRule::Interleaved,
        .routes = {topKSigmoid(fixed(false))},
        .weightOnInput = true,
        .names = withShared(
            withRouter(withBlock(plain(), names::feedForward), names::router),
            names::sharedExpert),
        .storage = {.gateUp = {{{{"experts.gate_up_proj"}, "e,c,sr"}}},
                    .down = {{{{"experts.down_proj"}, "e,c,r"}}}},
    },
    privacyFilter,
};

} // namespace

std::span<const Family> topKFamilies() { return table; }

} // namespace moelora::models
