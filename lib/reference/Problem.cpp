// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The rules that a problem must satisfy.

#include "moelora/reference/Layer.h"

#include <initializer_list>
#include <iterator>

namespace moelora::reference {

namespace {

constexpr const char *roleNames[] = {"hidden",
                                     "slots",
                                     "token_ids",
                                     "router_hidden",
                                     "router_logits",
                                     "expert_ids",
                                     "expert_weights",
                                     "router_weight",
                                     "router_bias",
                                     "selection_bias",
                                     "gate_up_weight",
                                     "gate_up_bias",
                                     "down_weight",
                                     "down_bias",
                                     "shared_gate_up_weight",
                                     "shared_down_weight",
                                     "shared_score_weight",
                                     "token_table",
                                     "expert_scale",
                                     "router_norm_weight",
                                     "latent_in_weight",
                                     "latent_in_bias",
                                     "latent_out_weight",
                                     "latent_out_bias",
                                     "shared_gate_up_bias",
                                     "shared_down_bias",
                                     "output_norm_weight",
                                     "output",
                                     "expert_map"};
static_assert(std::size(roleNames) == MOELORA_ROLES);

constexpr const char *projectionNames[] = {
    "gate",      "up",          "down",         "router",    "shared gate",
    "shared up", "shared down", "shared score", "latent in", "latent out"};
static_assert(std::size(projectionNames) == MOELORA_PROJECTIONS);

/// With zero tokens, ids are valid for every address.
bool isGiven(const Problem &problem, moelora_role role) {
  switch (role) {
  case MOELORA_EXPERT_IDS:
    return problem.expertIds || problem.tokens == 0;
  case MOELORA_TOKEN_IDS:
    return problem.tokenIds || problem.tokens == 0;
  case MOELORA_TOKEN_TABLE:
    return problem.tokenTable;
  default:
    return problem.operand[role].data;
  }
}

std::string operandError(const Problem &problem) {
  uint32_t operands = operandsOf(problem.layer, problem.entry);
  for (int role = 0; role < MOELORA_ROLES; ++role) {
    if (operands >> role & 1 && !isGiven(problem, moelora_role(role)))
      return std::string("expects operand ") + roleNames[role] +
             ", but there is none";
    const OperandView &view = problem.operand[role];
    if (view.data && !bytesOf(view.type))
      return std::string("expects operand ") + roleNames[role] +
             " to have a float type, but its type is " +
             std::to_string(view.type);
  }
  return "";
}

std::string sizes(int64_t a, int64_t b) {
  return std::to_string(a) + " and " + std::to_string(b);
}

std::string choiceError(const moelora_router &router) {
  if (router.experts < 1 || router.top_k < 1 || router.top_k > router.experts)
    return "expects top_k to be between 1 and experts, but they are " +
           sizes(router.top_k, router.experts);
  if (router.always < 0 || router.always >= router.top_k)
    return "expects always to be in [0, top_k), but always and top_k are " +
           sizes(router.always, router.top_k);
  if (router.table_rows < 0)
    return "expects table_rows not to be negative, but it is " +
           std::to_string(router.table_rows);
  if (router.table_rows && router.always)
    return "expects no always chosen experts beside a table, but always is " +
           std::to_string(router.always);
  return "";
}

std::string groupError(const moelora_router &router) {
  int32_t eligible = router.experts - router.always;
  if (router.groups < 1 || eligible % router.groups)
    return "expects groups to divide the experts that can be chosen, but they "
           "are " +
           sizes(router.groups, eligible);
  if (router.groups > 1 &&
      (router.top_groups < 1 || router.top_groups > router.groups))
    return "expects top_groups to be between 1 and groups, but they are " +
           sizes(router.top_groups, router.groups);
  return "";
}

std::string roundingError(const moelora_router &router) {
  for (int32_t type :
       {router.logit_type, router.score_type, router.weight_type})
    if (type < 0 || type > MOELORA_F64)
      return "expects logits, scores and weights to be rounded to a float "
             "type, but a type is " +
             std::to_string(type);
  return "";
}

std::string capError(const moelora_activation &activation) {
  bool capped = activation.gate_cap != 0 || activation.up_cap != 0;
  if (!(activation.gate_cap >= 0) || !(activation.up_cap >= 0))
    return "expects soft caps not to be negative, but gate_cap and up_cap "
           "are " +
           std::to_string(activation.gate_cap) + " and " +
           std::to_string(activation.up_cap);
  if (capped && (!activation.gated || activation.function != MOELORA_SILU))
    return "expects soft caps to be on a gated silu, but function and gated "
           "are " +
           sizes(activation.function, activation.gated);
  return "";
}

std::string normError(const moelora_norm &norm) {
  if (!norm.present || norm.epsilon >= 0)
    return "";
  return "expects the epsilon of a norm not to be negative, but it is " +
         std::to_string(norm.epsilon);
}

std::string zeroError(const moelora_layer &layer) {
  if (layer.zero_experts < 0 || layer.zero_experts >= layer.router.experts)
    return "expects zero_experts to be in [0, experts), but they are " +
           sizes(layer.zero_experts, layer.router.experts);
  if (layer.zero_experts && layer.zero_kind != MOELORA_ZERO_IDENTITY &&
      layer.zero_kind != MOELORA_ZERO_DROP)
    return "expects zero_kind to be identity or drop, but it is " +
           std::to_string(layer.zero_kind);
  if (layer.zero_experts && layer.router.always)
    return "expects no zero experts beside always chosen ones, but there "
           "are " +
           sizes(layer.zero_experts, layer.router.always);
  return "";
}

std::string sizeError(const moelora_layer &layer) {
  if (layer.dtype < MOELORA_F32 || layer.dtype > MOELORA_F64)
    return "expects the layer to have a float type, but its type is " +
           std::to_string(layer.dtype);
  if (layer.hidden < 1 || layer.intermediate < 1)
    return "expects positive sizes, but hidden and intermediate are " +
           sizes(layer.hidden, layer.intermediate);
  if (layer.shared < 0 || layer.latent < 0)
    return "expects shared and latent not to be negative, but they are " +
           sizes(layer.shared, layer.latent);
  // With a bias, weighting the product would not be the same as weighting the
  // input.
  if (layer.weight_on_input && layer.biases & MOELORA_HAS_GATE_UP_BIAS)
    return "expects no gate_up bias where weights are on the input, but there "
           "are both";
  return "";
}

std::string routerTypeError(const Problem &problem) {
  const moelora_layer &layer = problem.layer;
  if (problem.entry != Entry::Everything || layer.router_dtype == layer.dtype ||
      layer.router_dtype == MOELORA_F32)
    return "";
  return "expects router_dtype to be the layer's type or f32, but they are " +
         sizes(layer.router_dtype, layer.dtype);
}

/// The first text that is not empty.
std::string firstOf(std::initializer_list<std::string> errors) {
  for (const std::string &error : errors)
    if (!error.empty())
      return error;
  return "";
}

std::string layerError(const Problem &problem) {
  const moelora_layer &layer = problem.layer;
  std::string error = firstOf({sizeError(layer), choiceError(layer.router)});
  // The later checks use values that these checks have accepted.
  if (!error.empty())
    return error;
  return firstOf({groupError(layer.router), roundingError(layer.router),
                  zeroError(layer), capError(layer.activation),
                  layer.shared ? capError(layer.shared_activation) : "",
                  normError(layer.router_norm), normError(layer.output_norm),
                  routerTypeError(problem)});
}

/// in and out of a projection's delta.
std::pair<int64_t, int64_t> sizesOf(const moelora_layer &layer,
                                    moelora_projection projection) {
  int64_t width = layer.latent ? layer.latent : layer.hidden;
  switch (projection) {
  case MOELORA_GATE:
  case MOELORA_UP:
    return {width, layer.intermediate};
  case MOELORA_DOWN:
    return {layer.intermediate, width};
  case MOELORA_LATENT_IN:
    return {layer.hidden, width};
  case MOELORA_LATENT_OUT:
    return {width, layer.hidden};
  case MOELORA_ROUTER:
    return {layer.hidden, layer.router.experts};
  case MOELORA_SHARED_GATE:
  case MOELORA_SHARED_UP:
    return {layer.hidden, layer.shared};
  case MOELORA_SHARED_DOWN:
    return {layer.shared, layer.hidden};
  default:
    return {layer.hidden, 1};
  }
}

std::string pairError(const LoraPair &pair, moelora_projection projection,
                      const moelora_layer &layer) {
  auto [in, out] = sizesOf(layer, projection);
  std::string name = projectionNames[projection];
  if (pair.a.rows != pair.b.columns)
    return "expects A and B of the " + name +
           " projection to agree on the rank, but A has " +
           std::to_string(pair.a.rows) + " and B has " +
           std::to_string(pair.b.columns);
  if (pair.a.columns != in || pair.b.rows != out)
    return "expects the pair of the " + name +
           " projection to have in and out sizes " + sizes(in, out) +
           ", but it has " + sizes(pair.a.columns, pair.b.rows);
  return "";
}

std::string adapterError(const Adapter &adapter, const moelora_layer &layer) {
  for (int p = 0; p < MOELORA_PROJECTIONS; ++p)
    for (const LoraPair &pair : adapter.pairs[p]) {
      auto projection = static_cast<moelora_projection>(p);
      if (!pair.rank())
        continue;
      std::string error = pairError(pair, projection, layer);
      if (!error.empty())
        return error;
    }
  return "";
}

std::string ranksError(const Problem &problem) {
  const Ranks &ranks = problem.ranks;
  const moelora_layer &layer = problem.layer;
  if (ranks.ep < 1 || ranks.tp < 1)
    return "expects a group to have ranks, but ep and tp are " +
           sizes(ranks.ep, ranks.tp);
  if (layer.intermediate % ranks.tp || layer.shared % ranks.tp)
    return "expects tp, which is " + std::to_string(ranks.tp) +
           ", to divide intermediate and shared, but they are " +
           sizes(layer.intermediate, layer.shared);
  int64_t experts = layer.router.experts - layer.zero_experts;
  auto entries = int64_t(ranks.experts.size());
  if (ranks.ep > 1 && (!entries || entries % experts))
    return "expects the ep coordinate of each expert, or of copies of it, but "
           "experts and coordinates are " +
           sizes(experts, entries);
  return "";
}

} // namespace

std::string problemError(const Problem &problem) {
  std::string error = layerError(problem);
  if (error.empty())
    error = ranksError(problem);
  if (error.empty())
    error = operandError(problem);
  for (const Adapter *adapter : problem.adapters)
    if (error.empty() && adapter)
      error = adapterError(*adapter, problem.layer);
  return error;
}

} // namespace moelora::reference
