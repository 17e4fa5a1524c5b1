// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Artifact.h"
#include "Shapes.h"
#include "moelora/host/Handles.h"

namespace moelora::differential {
namespace {

/// A stage whose result is given needs no description.
std::string describedDifference(const Case &c,
                                const moelora_artifact &artifact) {
  if (!artifact.layer)
    return "it describes no layer";
  moelora_layer layer = c.layer;
  const moelora_layer &described = *artifact.layer;
  if (c.options.given != Given::Nothing) {
    layer.router_dtype = described.router_dtype;
    layer.router_input = described.router_input;
    layer.router_norm = described.router_norm;
    layer.biases &= ~uint32_t(MOELORA_HAS_ROUTER_BIAS);
  }
  if (c.options.given == Given::Choice) {
    layer.router = described.router;
    layer.router.experts = c.layer.router.experts;
    layer.router.top_k = c.layer.router.top_k;
  }
  try {
    host::call(moelora_artifact_match, &artifact, &layer);
  } catch (const host::Error &error) {
    return error.what();
  }
  return "";
}

/// Rows are those of the layer, and needed where the layer reads them.
std::string wrongRow(const Case &c, const moelora_artifact &artifact) {
  const moelora_variant &variant = *artifact.variant;
  std::string wrong;
  for (uint32_t i = 0; i < variant.operands; ++i) {
    const moelora_operand &row = variant.operand[i];
    auto role = moelora_role(row.role);
    wrong += rowError(c.layer, row);
    bool needed = row.entries >> c.entry & 1;
    if (needed != (role == MOELORA_OUTPUT || c.has(role)))
      wrong += "role " + std::to_string(role) + " is needed, or is not; ";
  }
  for (int role = 0; role < MOELORA_ROLES; ++role)
    if (c.has(moelora_role(role)) && !(variant.roles >> role & 1))
      wrong += "role " + std::to_string(role) + " has no row; ";
  return wrong;
}

/// The required properties of a slot table for this layer.
std::string wrongFacts(const Case &c, const moelora_artifact &artifact) {
  const moelora_facts &facts = artifact.variant->adapters;
  const moelora_layer &layer = c.layer;
  bool adapted = c.options.slots > 0;
  bool right =
      facts.slots == c.options.slots && facts.hidden == layer.hidden &&
      facts.width == (layer.latent ? layer.latent : layer.hidden) &&
      facts.intermediate == layer.intermediate &&
      facts.shared == layer.shared && facts.logits == layer.router.experts &&
      facts.experts == layer.router.experts - layer.zero_experts &&
      facts.max_rank == (adapted ? c.options.maxRank : 0) &&
      facts.dtype == (adapted ? layer.dtype : 0) &&
      (facts.projections >> MOELORA_DOWN & 1) == adapted &&
      (facts.shared_a >> MOELORA_UP & 1) == (adapted && c.options.sharesA);
  return right ? "" : "the facts about slot tables are not the layer's";
}

} // namespace

std::string whyNotDescribed(const Case &c, const moelora_artifact &artifact) {
  return describedDifference(c, artifact) + wrongRow(c, artifact) +
         wrongFacts(c, artifact);
}

} // namespace moelora::differential
