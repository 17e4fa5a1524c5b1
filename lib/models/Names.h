// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Module names in checkpoints and adapters.
#ifndef MOELORA_LIB_MODELS_NAMES_H
#define MOELORA_LIB_MODELS_NAMES_H

#include "moelora/runtime/AdapterTarget.h"

namespace moelora::models::names {

using Names = const char *const[];

inline constexpr Names root = {"", nullptr};
inline constexpr Names mlp = {"mlp", nullptr};
inline constexpr Names ffn = {"ffn", nullptr};
inline constexpr Names ffnOrMlp = {"ffn", "mlp", nullptr};
inline constexpr Names feedForward = {"feed_forward", nullptr};
inline constexpr Names blockSparseMoe = {"block_sparse_moe", nullptr};
inline constexpr Names blockSparseMoeOrMlp = {"block_sparse_moe", "mlp",
                                              nullptr};
inline constexpr Names mixer = {"mixer", nullptr};

inline constexpr Names experts = {"experts", nullptr};
inline constexpr Names gateProj = {"gate_proj", nullptr};
inline constexpr Names upProj = {"up_proj", nullptr};
inline constexpr Names downProj = {"down_proj", nullptr};
inline constexpr Names gateOrLinearGate = {"gate_proj", "linear_gate", nullptr};
inline constexpr Names upProjTwice = {"up_proj", "up_proj", nullptr};
inline constexpr Names w1 = {"w1", "gate_proj", nullptr};
inline constexpr Names w3 = {"w3", "up_proj", nullptr};
inline constexpr Names w2 = {"w2", "down_proj", nullptr};
inline constexpr Names gateUpProj = {"gate_up_proj", nullptr};
inline constexpr Names inputLinear = {"input_linear", "gate_up_proj", nullptr};
inline constexpr Names outputLinear = {"output_linear", "down_proj", nullptr};

inline constexpr Names gate = {"gate", nullptr};
inline constexpr Names gateWg = {"gate.wg", nullptr};
inline constexpr Names router = {"router", nullptr};
inline constexpr Names routerProj = {"router.proj", nullptr};
inline constexpr Names routerGate = {"router.gate", "gate", nullptr};
inline constexpr Names routerLayer = {"router.layer", "router", nullptr};
inline constexpr Names routerClassifier = {"router.classifier", nullptr};

/// Shared experts may be outside the block, in the layer itself.
inline constexpr Names blockSparseMoeOrLayer = {"block_sparse_moe", "",
                                                nullptr};
inline constexpr Names mlpOrMoeOrLayer = {"mlp", "moe", "", nullptr};
inline constexpr Names sharedExpertsOrShareExpert = {"shared_experts",
                                                     "share_expert", nullptr};

inline constexpr Names sharedExpert = {"shared_expert", nullptr};
inline constexpr Names sharedExperts = {"shared_experts", nullptr};
inline constexpr Names sharedExpertOrExperts = {"shared_expert",
                                                "shared_experts", nullptr};
inline constexpr Names sharedMlp = {"shared_mlp", nullptr};
inline constexpr Names sharedMlpOrExperts = {"shared_mlp", "shared_experts",
                                             nullptr};
inline constexpr Names sharedExpertGate = {"shared_expert_gate", nullptr};
inline constexpr Names fc1Latent = {"fc1_latent_proj", nullptr};
inline constexpr Names fc2Latent = {"fc2_latent_proj", nullptr};

/// mlp.experts.E.{gate,up,down}_proj, packed mlp.experts.gate_up_proj
constexpr moelora_adapter_names plain() {
  moelora_adapter_names n = {};
  n.container = "layers";
  n.block = mlp;
  n.experts = experts;
  n.gate = gateProj;
  n.up = upProj;
  n.down = downProj;
  n.packed_gate_up = gateUpProj;
  n.packed_down = downProj;
  n.router = gate;
  n.blind_rule = MOELORA_BLIND_REFUSE;
  return n;
}

constexpr moelora_adapter_names withBlock(moelora_adapter_names n,
                                          const char *const *block) {
  n.block = block;
  return n;
}

constexpr moelora_adapter_names withRouter(moelora_adapter_names n,
                                           const char *const *router) {
  n.router = router;
  return n;
}

/// With a shared expert whose parts have the same names as those of the
/// experts.
constexpr moelora_adapter_names withShared(moelora_adapter_names n,
                                           const char *const *shared) {
  n.shared = shared;
  n.shared_gate = n.gate;
  n.shared_up = n.up;
  n.shared_down = n.down;
  return n;
}

/// experts.E.{w1,w3,w2}, which libraries also name {gate,up,down}_proj.
constexpr moelora_adapter_names withW123(moelora_adapter_names n) {
  n.gate = w1;
  n.up = w3;
  n.down = w2;
  return n;
}

constexpr moelora_adapter_names withBlindRule(moelora_adapter_names n,
                                              moelora_blind_rule rule) {
  n.blind_rule = rule;
  return n;
}

} // namespace moelora::models::names

#endif // MOELORA_LIB_MODELS_NAMES_H
