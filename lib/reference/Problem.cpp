// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a problem must have before it is computed.

#include "moelora/reference/Layer.h"

namespace moelora::reference {

namespace {

constexpr const char *roleNames[MOELORA_ROLES] = {"hidden",
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
                                                  "shared_score_weight"};

constexpr const char *projectionNames[MOELORA_PROJECTIONS] = {
    "gate",        "up",        "down",        "router",
    "shared gate", "shared up", "shared down", "shared score"};

std::vector<moelora_role> neededRoles(const Problem &problem) {
  const moelora_layer &layer = problem.layer;
  std::vector<moelora_role> roles = {MOELORA_HIDDEN, MOELORA_GATE_UP_WEIGHT,
                                     MOELORA_DOWN_WEIGHT};
  if (problem.entry == Entry::Everything)
    roles.push_back(MOELORA_ROUTER_WEIGHT);
  if (problem.entry == Entry::FromLogits)
    roles.push_back(MOELORA_ROUTER_LOGITS);
  if (problem.entry == Entry::FromIds)
    roles.push_back(MOELORA_EXPERT_WEIGHTS);
  else if (layer.router.bias_on != MOELORA_BIAS_NONE)
    roles.push_back(MOELORA_SELECTION_BIAS);
  if (layer.shared)
    roles.insert(roles.end(),
                 {MOELORA_SHARED_GATE_UP_WEIGHT, MOELORA_SHARED_DOWN_WEIGHT});
  if (layer.shared && layer.shared_score)
    roles.push_back(MOELORA_SHARED_SCORE_WEIGHT);
  return roles;
}

std::string operandError(const Problem &problem) {
  for (moelora_role role : neededRoles(problem))
    if (!problem.operand[role].data)
      return std::string("expects operand ") + roleNames[role] +
             ", but there is none";
  for (int role = 0; role < MOELORA_ROLES; ++role)
    if (problem.operand[role].data && !bytesOf(problem.operand[role].type))
      return std::string("expects operand ") + roleNames[role] +
             " to have a float type, but its type is " +
             std::to_string(problem.operand[role].type);
  if (problem.entry == Entry::FromIds && !problem.expertIds)
    return "expects operand expert_ids, but there is none";
  return "";
}

std::string sizes(int64_t a, int64_t b) {
  return std::to_string(a) + " and " + std::to_string(b);
}

std::string routerError(const moelora_router &router) {
  if (router.experts < 1 || router.top_k < 1 || router.top_k > router.experts)
    return "expects top_k to be between 1 and experts, but they are " +
           sizes(router.top_k, router.experts);
  if (router.groups < 1 || router.experts % router.groups)
    return "expects groups to divide experts, but they are " +
           sizes(router.groups, router.experts);
  if (router.groups > 1 &&
      (router.top_groups < 1 || router.top_groups > router.groups))
    return "expects top_groups to be between 1 and groups, but they are " +
           sizes(router.top_groups, router.groups);
  if (router.by_table)
    return "expects a router that chooses by score, but it chooses by table";
  return "";
}

std::string layerError(const moelora_layer &layer) {
  if (layer.dtype < MOELORA_F32 || layer.dtype > MOELORA_F64)
    return "expects the layer to have a float type, but its type is " +
           std::to_string(layer.dtype);
  if (layer.hidden < 1 || layer.intermediate < 1 || layer.shared < 0)
    return "expects positive sizes, but hidden and intermediate are " +
           sizes(layer.hidden, layer.intermediate);
  return routerError(layer.router);
}

/// in and out of a projection's delta.
std::pair<int64_t, int64_t> sizesOf(const moelora_layer &layer,
                                    moelora_projection projection) {
  switch (projection) {
  case MOELORA_GATE:
  case MOELORA_UP:
    return {layer.hidden, layer.intermediate};
  case MOELORA_DOWN:
    return {layer.intermediate, layer.hidden};
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

} // namespace

std::string problemError(const Problem &problem) {
  std::string error = layerError(problem.layer);
  if (error.empty())
    error = operandError(problem);
  for (const Adapter *adapter : problem.adapters)
    if (error.empty() && adapter)
      error = adapterError(*adapter, problem.layer);
  return error;
}

} // namespace moelora::reference
