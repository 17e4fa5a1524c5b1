// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The properties that a family of models fixes and that config.json does not
// contain. There is one row of data per family, which states only differences
// from the defaults below.
//
// A row contains the structs of the layer's description, so it can express
// everything that a description can. A new kind of config key is a new field
// with a default that does not change other rows.
#ifndef MOELORA_LIB_MODELS_FAMILY_H
#define MOELORA_LIB_MODELS_FAMILY_H

#include "Activations.h"
#include "Names.h"
#include "Routes.h"
#include "Storage.h"

namespace moelora::models {

/// The rule that determines which layers have experts, unless `mlp_layer_types`
/// lists them.
enum class LayerRule {
  Every,
  AfterDense,  // from `dense` on, according to `moe_layer_freq` (step or list)
  SparseStep,  // every `decoder_sparse_step`-th, without `mlp_only_layers`, of
               // which the default is the first `dense`
  Period,      // i % `expert_layer_period` == `expert_layer_offset`
  Interleaved, // in `moe_layers`, or every `interleave_moe_layer_step`-th
  Enumerated,  // in `moe_layers_enum`, or as AfterDense
  Interval,    // `moe_layer_start_index`, `.._end_index`, `.._interval`
  Pattern,     // `layers_block_type` or letters, `hybrid_override_pattern`
  HashFirst,   // all; the first `dense` by a table of token ids
};

/// The shared expert is one MLP. Without keys, `absent` is its width.
struct Shared {
  Count number = {}; // number of experts that it consists of; 0: there is none
  Count width = {{}, 0}; // of one of them; 0: that of a routed expert
  bool scored = false;   // scaled by sigmoid(x . v)
  bool plain = false;    // without the limits of the routed experts
};

struct Family {
  const char *modelType;

  Keys layers = {"num_hidden_layers", "num_layers", "n_layers"};
  /// A key that counts every layer twice, in addition to `layers` or instead of
  /// it.
  Keys halfLayers = {};
  Keys hidden = {"hidden_size"};
  Keys intermediate = {"moe_intermediate_size"}; // of one expert
  /// If this key is stated, `intermediate_size` is the width of an expert.
  const char *denseWidth = nullptr;
  Keys experts = {"num_experts", "num_local_experts", "n_routed_experts",
                  "moe_num_experts"};
  Keys topK = {"num_experts_per_tok", "num_experts_per_token",
               "experts_per_token",   "moe_topk",
               "moe_top_k",           "moe_k"};
  bool perLayer = false;     // some of these are lists with one entry per layer
  Flag enabled = {{}, true}; // false: there are no experts at all
  Count always = {};         // shared experts with weights from the router
  Count zeroExperts = {};
  Count latent = {};
  Shared shared = {};

  LayerRule layerRule = LayerRule::AfterDense;
  Count dense = {{"first_k_dense_replace"}, 0};

  /// The forms of the router, selected by the value of a key. The first is the
  /// default.
  Keys routeKey = {};
  Route routes[3] = {softmaxTopK({{"norm_topk_prob"}, false})};
  Flag selectionBias = {{}, true}; // if the form has one
  Count groups = {{"n_group", "num_expert_group"}, 1, 1};
  Count topGroups = {{"topk_group"}, 1, 1};
  Number scale = {{}, 1};
  bool scaleOnOutput = false; // of the weighted sum, not of the weights
  Number softcap = {};
  Number epsilon = {}; // with keys: instead of the form's own
  Number normP = {};   // likewise
  bool expertScale = false;
  bool routerInput = false;
  moelora_dtype routerType = {}; // none: the layer's

  Keys function = {"hidden_act"};
  moelora_activation activation = siluMul();
  Number limit = {{}, 0, 0}; // of the gate and of up; 0: none
  Keys limits = {};          // a list, by layer
  Keys sharedLimits = {};
  Number alpha = {};
  Number gateCap = {};
  Number upCap = {};

  uint32_t biases = 0;
  Flag biasKey = {};
  uint32_t biasesByKey = 0;
  bool weightOnInput = false;
  bool routerNorm = false;
  bool outputNorm = false;
  Keys combination = {}; // of routed and shared: "sum" or "average"

  Demand demands[6] = {};
  Keys stated = {}; // have no default, because the family's classes differ
  moelora_adapter_names names = names::plain();
  Storage storage = {};
};

} // namespace moelora::models

#endif // MOELORA_LIB_MODELS_FAMILY_H
