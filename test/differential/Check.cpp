// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Check.h"
#include "Compile.h"
#include "Data.h"
#include "Meaning.h"
#include "Run.h"

#include <algorithm>

namespace moelora::differential {
namespace {

/// Bytes, because numbers do not tell one zero from the other.
void compareBits(const Case &c, const reference::Output &wanted,
                 const Bytes &output, Verdict &verdict) {
  Bytes bits = output;
  for (size_t i = 0; i < wanted.rows.size(); ++i)
    reference::store(moelora_dtype(c.layer.dtype), bits.data(), int64_t(i),
                     wanted.rows[i]);
  if (verdict.failure.empty() && bits != output)
    verdict.failure = "a zero has another sign than the reference's";
}

void compareWithReference(const Case &c, const reference::Output &wanted,
                          const Bytes &output, Verdict &verdict) {
  verdict.rows =
      reference::compareRows({moelora_dtype(c.layer.dtype), output.data(),
                              c.tokens, wanted.width, wanted.width},
                             wanted);
  // The number of near ties is checked over all layers.
  if (verdict.rows.worst > 1)
    verdict.failure = verdict.rows.failure();
  if (c.exact)
    compareBits(c, wanted, output, verdict);
}

/// Elements that would be others if nothing were rounded.
int64_t countRounded(const Data &data, const reference::Output &wanted) {
  reference::Vector exact = reference::evaluate(data.problem()).rows;
  int64_t count = 0;
  for (size_t i = 0; i < exact.size(); ++i)
    count += exact[i] != wanted.rows[i];
  return count;
}

void compareBaseRows(const Case &c, const Data &data, const Bytes &adapted,
                     const Bytes &base, Verdict &verdict) {
  size_t row = (base.size() - 1) / std::max<int64_t>(c.tokens, 1);
  for (int64_t t = 0; t < c.tokens; ++t)
    if (data.slots()[t] < 0 &&
        std::memcmp(&adapted[t * row], &base[t * row], row) != 0)
      verdict.failure = "token " + std::to_string(t) +
                        " has no adapter, but other bits than without any";
}

/// A stage whose result is given needs no description.
std::string describedDifference(const Case &c,
                                const moelora_artifact *artifact) {
  if (!artifact->layer)
    return "it describes no layer";
  moelora_layer layer = c.layer;
  const moelora_layer &described = *artifact->layer;
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
  moelora_error *error = nullptr;
  moelora_artifact_match(artifact, &layer, &error);
  return textOf(error);
}

/// Rows are those of the layer, and needed where the layer reads them.
std::string wrongRow(const Case &c, const moelora_artifact *artifact) {
  const moelora_variant &variant = *artifact->variant;
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
std::string wrongFacts(const Case &c, const moelora_artifact *artifact) {
  const moelora_facts &facts = artifact->variant->adapters;
  const moelora_layer &layer = c.layer;
  bool adapted = c.options.slots > 0;
  bool right = facts.slots == c.options.slots && facts.hidden == layer.hidden &&
               facts.width == (layer.latent ? layer.latent : layer.hidden) &&
               facts.intermediate == layer.intermediate &&
               facts.shared == layer.shared &&
               facts.logits == layer.router.experts &&
               facts.experts == layer.router.experts - layer.zero_experts &&
               facts.max_rank == (adapted ? c.options.maxRank : 0) &&
               facts.dtype == (adapted ? layer.dtype : 0) &&
               (facts.projections >> MOELORA_DOWN & 1) == adapted;
  return right ? "" : "the facts about slot tables are not the layer's";
}

} // namespace

Verdict check(const Case &c, moelora_pool *pool) {
  Verdict verdict;
  std::string why;
  Artifact file = compile(c, why);
  if (!file)
    return {"it does not compile: " + why};
  const moelora_artifact *artifact = moelora_artifact_of(file.get(), 0);
  std::string difference = describedDifference(c, artifact) +
                           wrongRow(c, artifact) + wrongFacts(c, artifact);
  if (!difference.empty())
    return {"the artifact describes another layer: " + difference};
  Data data(c);
  std::string wrong = reference::problemError(data.problem());
  if (!wrong.empty())
    return {"the reference refuses: " + wrong};
  reference::Output wanted = data.wanted();
  if (c.exact)
    verdict.rounded = countRounded(data, wanted);
  verdict.failure = whyNotMeant(c, data, wanted);
  Runner runner(c, data, artifact);
  Bytes several = runner.callEntry(pool, verdict.failure);
  Bytes one = runner.callEntry(nullptr, verdict.failure);
  Bytes base = runner.runBound(pool, verdict.failure);
  if (!verdict.failure.empty())
    return verdict;
  compareWithReference(c, wanted, several, verdict);
  compareBaseRows(c, data, several, base, verdict);
  if (several != one)
    verdict.failure = "one worker and several answer different bits";
  return verdict;
}

} // namespace moelora::differential
