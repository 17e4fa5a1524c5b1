// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds keys of a config that contradict what its family computes. A family
// ignores the keys of others, so a model that needs such a key would be read as
// another model.

#include "Contradictions.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace moelora::models {

namespace {

using nlohmann::json;

constexpr double maxFactor = 1e6;      // above every factor that is read
constexpr int64_t maxShared = 1 << 10; // above every count that is read

constexpr Keys renormalizeKeys = {"norm_topk_prob", "moe_renormalize",
                                  "route_norm"};
constexpr Keys scaleKeys = {
    "routed_scaling_factor",     "route_scale",
    "router_scaling_factor",     "moe_routed_scaling_factor",
    "moe_router_scaling_factor", "scale_factor"};
constexpr Keys groupKeys = {"n_group", "num_expert_group"};
constexpr Keys topGroupKeys = {"topk_group"};
constexpr Keys selectionBiasKeys = {"use_expert_bias", "use_routing_bias",
                                    "moe_router_enable_expert_bias"};
constexpr Keys softcapKeys = {"moe_router_logit_softcapping",
                              "router_logit_softcapping"};
constexpr Keys latentKeys = {"moe_latent_size", "routed_expert_hidden_size",
                             "moe_hidden_size"};
constexpr Keys zeroKeys = {"zero_expert_num"};
constexpr Keys sharedNumberKeys = {"n_shared_experts", "num_shared_experts",
                                   "moe_num_shared_experts",
                                   "num_shared_expert"};
constexpr Keys sharedWidthKeys = {"shared_expert_intermediate_size",
                                  "shared_intermediate_size",
                                  "moe_shared_expert_intermediate_size",
                                  "shared_experts_intermediate_size",
                                  "share_expert_dim",
                                  "intermediate_size_residual"};
constexpr Keys combinationKeys = {"shared_expert_combination_strategy"};
constexpr Keys limitKeys = {"swiglu_limit", "swiglu_limits",
                            "swiglu_limits_shared"};
constexpr Keys capKeys = {"mlp_gate_softcap", "mlp_up_softcap"};
constexpr Keys alphaKeys = {"swiglu_alpha"};
constexpr Keys denseKeys = {"first_k_dense_replace", "num_dense_layers",
                            "moe_layer_num_skipped", "num_moe_contract_layers"};
constexpr Keys stepKeys = {"moe_layer_freq", "decoder_sparse_step",
                           "expert_layer_period", "interleave_moe_layer_step",
                           "moe_layer_interval"};
/// Keys of code in model folders that uses the types of other families.
constexpr Keys foreignKeys = {"latent_moe_use_norm", "use_attn_moe",
                              "add_rescale_bias",    "moe_drop_tokens",
                              "scale_router_input",  "use_nGPT",
                              "multi_gate"};

/// The keys of the rule for layers, except `dense`.
Keys ruleKeys(LayerRule rule) {
  switch (rule) {
  case LayerRule::AfterDense:
  case LayerRule::Enumerated:
    return {"moe_layer_freq"};
  case LayerRule::SparseStep:
    return {"decoder_sparse_step", "mlp_only_layers"};
  case LayerRule::Period:
    return {"expert_layer_period"};
  case LayerRule::Interleaved:
    return {"interleave_moe_layer_step"};
  case LayerRule::Interval:
    return {"moe_layer_interval"};
  default:
    return {};
  }
}

bool isGrouped(const Family &family) {
  return std::any_of(std::begin(family.routes), std::end(family.routes),
                     [](const Route &route) { return route.grouped; });
}

/// The keys above that the family reads.
std::set<std::string> keysRead(const Family &family) {
  std::set<std::string> keys;
  auto add = [&](const Keys &more) { keys.insert(more.begin(), more.end()); };
  bool counts = family.layerRule == LayerRule::AfterDense ||
                family.layerRule == LayerRule::HashFirst;
  add(counts ? family.dense.keys : Keys());
  add(ruleKeys(family.layerRule));
  add(isGrouped(family) ? family.groups.keys : Keys());
  add(isGrouped(family) ? family.topGroups.keys : Keys());
  for (const Route &route : family.routes)
    add(route.renormalize.keys);
  for (const Keys &read :
       {family.intermediate, family.latent.keys, family.zeroExperts.keys,
        family.always.keys, family.shared.number.keys, family.shared.width.keys,
        family.combination, family.routeKey, family.selectionBias.keys,
        family.scale.keys, family.softcap.keys, family.limit.keys,
        family.limits, family.sharedLimits, family.alpha.keys,
        family.gateCap.keys, family.upCap.keys, family.biasKey.keys})
    add(read);
  for (const Demand &demand : family.demands)
    if (demand.key)
      keys.insert(demand.key);
  return keys;
}

/// Whether a value equals another one. All entries of a list must be equal or
/// null, and false equals every value that is not a Boolean.
bool says(const json &value, const json &computed) {
  if (value.is_array() && !computed.is_array())
    return std::all_of(value.begin(), value.end(), [&](const json &entry) {
      return entry.is_null() || says(entry, computed);
    });
  if (value.is_number() && computed.is_number())
    return static_cast<float>(value.get<double>()) ==
           static_cast<float>(computed.get<double>());
  return value == computed || (value == false && !computed.is_boolean());
}

class Contradictions {
public:
  Contradictions(Config &config, const Family &family,
                 const moelora_layer &layer)
      : config(config), family(family), layer(layer), read(keysRead(family)) {}

  void refuse();

private:
  Config &config;
  const Family &family;
  const moelora_layer &layer;
  std::set<std::string> read;

  /// `does` continues a sentence that begins with the family's name.
  void expect(const Keys &keys, const json &computed, const std::string &does);
  void refuseChoice();
  void refuseWeights();
  void refuseSizes();
  void refuseShared();
  void refuseActivation();
  void refuseLayers();
};

/// `computed` is a list of equivalent values.
void Contradictions::expect(const Keys &keys, const json &computed,
                            const std::string &does) {
  for (const char *key : keys) {
    const json *value = read.count(key) ? nullptr : config.find({key});
    bool agrees = !value || std::any_of(computed.begin(), computed.end(),
                                        [&](const json &one) {
                                          return says(*value, one);
                                        });
    if (!agrees)
      config.failValue(key, json::array({computed.front()}),
                       std::string(family.modelType) + " " + does);
  }
}

void Contradictions::refuseChoice() {
  const moelora_router &router = family.routes[0].router;
  bool biased = router.bias_on != MOELORA_BIAS_NONE;
  expect(selectionBiasKeys, {biased},
         biased ? "has a bias for the choice" : "has no bias for the choice");
  bool grouped = isGrouped(family);
  json methods = {biased ? "noaux_tc" : "greedy"};
  if (grouped && !biased)
    methods.push_back("group_limited_greedy");
  expect({"topk_method"}, methods,
         biased ? "has a bias for the choice" : "has no bias for the choice");
  if (grouped)
    return;
  const json *groups = config.find(groupKeys), *top = config.find(topGroupKeys);
  if (groups && top && *groups == *top)
    return; // all of them
  expect(groupKeys, {1}, "does not group its experts");
  expect(topGroupKeys, {1}, "does not group its experts");
}

void Contradictions::refuseWeights() {
  const moelora_router &router = layer.router;
  bool sumIsOne = router.renormalize != MOELORA_RENORMALIZE_NONE ||
                  router.post == MOELORA_POST_SOFTMAX;
  expect(renormalizeKeys, {sumIsOne},
         sumIsOne ? "renormalises the weights of the chosen experts"
                  : "does not renormalise the weights of the chosen experts");
  double scale = config.number(family.scale, -maxFactor, maxFactor);
  expect(scaleKeys, {scale}, "multiplies the weights by " + show(scale));
  expect(softcapKeys, {0}, "has no cap of the logits");
}

/// Widths are not compared, because the shapes of the weights determine them.
void Contradictions::refuseSizes() {
  expect(latentKeys, {0, layer.hidden},
         "has experts that read the hidden state");
  expect(zeroKeys, {0}, "has no zero experts");
}

void Contradictions::refuseShared() {
  bool counted = !family.shared.number.keys.empty();
  if (layer.shared == 0 && layer.router.always == 0) {
    expect(sharedNumberKeys, {0}, "has no shared expert");
    if (!counted)
      expect(sharedWidthKeys, {0}, "has no shared expert");
    return;
  }
  if (counted)
    expect(sharedNumberKeys, {config.count(family.shared.number, maxShared)},
           "has as many shared experts");
  else if (family.shared.width.keys.empty())
    expect(sharedNumberKeys, {1}, "has one shared expert");
  expect(combinationKeys, {"sum"}, "adds routed and shared experts");
}

void Contradictions::refuseActivation() {
  const moelora_activation &activation = layer.activation;
  expect(limitKeys, {0}, "has no limits there");
  expect(capKeys, {0}, "has no caps there");
  expect(alphaKeys, {activation.alpha},
         "has the slope " + show(activation.alpha));
  bool biased = layer.biases & MOELORA_HAS_GATE_UP_BIAS;
  expect({"mlp_bias"}, {biased},
         biased ? "has biases" : "has no biases in its experts");
  bool routerBias = layer.biases & MOELORA_HAS_ROUTER_BIAS;
  expect({"router_bias"}, {routerBias},
         routerBias ? "has a bias in its router" : "has none in its router");
}

/// A list of all layers takes precedence.
void Contradictions::refuseLayers() {
  if (family.layerRule == LayerRule::Pattern ||
      config.find({"mlp_layer_types"}))
    return;
  const char *does = "finds its layers with experts otherwise";
  expect(denseKeys, {0}, does);
  expect(stepKeys, {1}, does);
  expect({"mlp_only_layers"}, json::array({json::array()}), does);
}

void Contradictions::refuse() {
  refuseChoice();
  refuseWeights();
  refuseSizes();
  refuseShared();
  refuseActivation();
  refuseLayers();
  expect(foreignKeys, {false}, "does nothing of the kind");
}

} // namespace

void refuseContradictions(Config &config, const Family &family,
                          const moelora_layer &layer) {
  Contradictions(config, family, layer).refuse();
}

} // namespace moelora::models
