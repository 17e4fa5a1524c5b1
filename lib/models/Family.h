// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a family of models fixes and no config.json says. One row of data a
// family; a row states what differs from the defaults below.
//
// The semantics are the very structs of the layer's description, so a row can
// say whatever a description can; a new kind of config key is a new field here
// with a default that leaves the other rows as they are.
#ifndef MOELORA_LIB_MODELS_FAMILY_H
#define MOELORA_LIB_MODELS_FAMILY_H

#include "moelora/runtime/AdapterTarget.h"
#include "moelora/runtime/Layer.h"

#include <string>
#include <vector>

namespace moelora::models {

/// Spellings of one config key. A config may use any of them; if it uses more
/// than one they must agree.
using Keys = std::vector<const char *>;

/// A key with a meaning of its own when it is absent.
struct Flag {
  Keys keys; // none: the value is fixed, whatever the config says
  bool absent;
};

/// Which layers have experts.
enum class LayerRule {
  Every,
  /// Layer i is sparse when it is not in `mlp_only_layers` and (i + 1) is a
  /// multiple of `decoder_sparse_step`; absent: none, and 1.
  SparseStep,
};

/// Softmax over all experts, the k largest, no more.
constexpr moelora_router softmaxTopK() {
  moelora_router r = {};
  r.logit_scale = 1;
  r.score = MOELORA_SCORE_SOFTMAX;
  r.groups = r.top_groups = 1;
  r.group_score = MOELORA_GROUP_MAX;
  r.norm_p = 1;
  r.scale = 1;
  return r;
}

/// silu(gate) * up
constexpr moelora_activation siluMul() {
  return {MOELORA_SILU, 1, MOELORA_CLAMP_NONE, 0, 0, 1, 0};
}

struct Family {
  const char *modelType;

  Keys layers = {"num_hidden_layers"};
  Keys hidden = {"hidden_size"};
  Keys intermediate = {"moe_intermediate_size"}; // of one expert
  Keys experts = {"num_experts", "num_local_experts"};
  Keys topK = {"num_experts_per_tok"};
  Keys shared = {}; // width of the shared expert; none: the family has none
  Keys function = {"hidden_act"};

  LayerRule layerRule = LayerRule::Every;
  /// Whether the weights of the chosen experts are divided by their sum.
  Flag renormalize = {{"norm_topk_prob"}, false};
  moelora_router router = softmaxTopK();
  moelora_activation activation = siluMul();
  bool sharedScore = false; // the shared expert is gated by sigmoid(x . v)

  /// Module names, of checkpoints and of adapters alike.
  moelora_adapter_names names;
};

/// Sorted by modelType.
const std::vector<Family> &families();

/// Null when there is none.
const Family *findFamily(const std::string &modelType);

/// Why a known kind of model cannot be imported, or null.
const char *whyRefused(const std::string &modelType);

} // namespace moelora::models

#endif // MOELORA_LIB_MODELS_FAMILY_H
