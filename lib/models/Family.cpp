// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The family table.

#include "Family.h"

namespace moelora::models {

namespace {

using Names = const char *const[];

constexpr Names mlp = {"mlp", nullptr};
constexpr Names blockSparseMoe = {"block_sparse_moe", "mlp", nullptr};
constexpr Names experts = {"experts", nullptr};
constexpr Names gateProj = {"gate_proj", nullptr};
constexpr Names upProj = {"up_proj", nullptr};
constexpr Names downProj = {"down_proj", nullptr};
constexpr Names w1 = {"w1", "gate_proj", nullptr};
constexpr Names w3 = {"w3", "up_proj", nullptr};
constexpr Names w2 = {"w2", "down_proj", nullptr};
constexpr Names gateUpProj = {"gate_up_proj", nullptr};
constexpr Names gate = {"gate", nullptr};
constexpr Names sharedExpert = {"shared_expert", nullptr};
constexpr Names sharedExpertGate = {"shared_expert_gate", nullptr};

/// mlp.experts.E.{gate,up,down}_proj, packed mlp.experts.gate_up_proj
constexpr moelora_adapter_names mlpExperts = {
    .block = mlp,
    .experts = experts,
    .gate = gateProj,
    .up = upProj,
    .down = downProj,
    .packed_gate_up = gateUpProj,
    .packed_down = downProj,
    .router = gate,
    .shared = nullptr,
    .shared_gate = nullptr,
    .shared_up = nullptr,
    .shared_down = nullptr,
    .shared_score = nullptr,
    .packed_modules = 0,
    .blind_rule = MOELORA_BLIND_OUT_IN,
};

/// The same, and mlp.shared_expert with mlp.shared_expert_gate beside it.
constexpr moelora_adapter_names mlpExpertsShared = [] {
  moelora_adapter_names names = mlpExperts;
  names.shared = sharedExpert;
  names.shared_gate = gateProj;
  names.shared_up = upProj;
  names.shared_down = downProj;
  names.shared_score = sharedExpertGate;
  return names;
}();

/// block_sparse_moe.experts.E.{w1,w3,w2}; libraries also call the block mlp.
constexpr moelora_adapter_names blockSparseMoeExperts = [] {
  moelora_adapter_names names = mlpExperts;
  names.block = blockSparseMoe;
  names.gate = w1;
  names.up = w3;
  names.down = w2;
  return names;
}();

struct Refusal {
  const char *modelType;
  const char *why;
};

constexpr Refusal refusals[] = {
    {"doge", "its experts are retrieved by product keys"},
    {"ernie4_5_vl_moe", "it has a set of experts for each modality"},
    {"jetmoe", "its attention has experts too"},
    {"nllb_moe", "it drops tokens beyond an expert's capacity"},
    {"phimoe", "its sparsemixer takes a softmax for each choice"},
    {"switch_transformers", "it drops tokens beyond an expert's capacity"},
    {"zaya", "its router carries a state from layer to layer"},
};

} // namespace

const std::vector<Family> &families() {
  static const std::vector<Family> table = {
      {
          .modelType = "mixtral",
          .intermediate = {"intermediate_size"},
          .experts = {"num_local_experts", "num_experts"},
          .renormalize = {{}, true},
          .names = blockSparseMoeExperts,
      },
      {
          .modelType = "olmoe",
          .intermediate = {"intermediate_size"},
          .names = mlpExperts,
      },
      {
          .modelType = "qwen2_moe",
          .shared = {"shared_expert_intermediate_size"},
          .layerRule = LayerRule::SparseStep,
          .sharedScore = true,
          .names = mlpExpertsShared,
      },
      {
          .modelType = "qwen3_moe",
          .layerRule = LayerRule::SparseStep,
          .names = mlpExperts,
      },
  };
  return table;
}

const Family *findFamily(const std::string &modelType) {
  for (const Family &family : families())
    if (modelType == family.modelType)
      return &family;
  return nullptr;
}

const char *whyRefused(const std::string &modelType) {
  for (const Refusal &refusal : refusals)
    if (modelType == refusal.modelType)
      return refusal.why;
  return nullptr;
}

} // namespace moelora::models
