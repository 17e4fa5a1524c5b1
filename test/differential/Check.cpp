// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Check.h"
#include "Compile.h"
#include "Data.h"
#include "Meaning.h"

#include <cmath>
#include <cstdlib>
#include <limits>

namespace moelora::differential {
namespace {

// NaN in every element type.
constexpr char poison = char(0xff);

using Bytes = std::vector<char>;

class Runner {
public:
  Runner(const Case &c, const Data &data, const moelora_artifact *artifact)
      : c(c), data(data), artifact(artifact) {}

  /// The output; `failure` where the run refuses.
  Bytes run(moelora_pool *pool, bool withAdapters, std::string &failure) const;

private:
  const Case &c;
  const Data &data;
  const moelora_artifact *artifact;
};

Bytes Runner::run(moelora_pool *pool, bool withAdapters,
                  std::string &failure) const {
  moelora_services services = {};
  moelora_services_init(pool, &services);
  moelora_run_stats stats = {};
  moelora_layer_call call = {};
  call.tokens = c.tokens;
  call.entry = c.entry;
  for (int role = 0; role < MOELORA_ROLES; ++role)
    if (c.has(moelora_role(role)))
      call.operand[role] = data.operand(moelora_role(role));
  Bytes output(moelora_operand_needs(&c.layer, MOELORA_HIDDEN, c.tokens).bytes +
                   1,
               poison);
  call.output = output.data();
  call.output_bytes = output.size() - 1;
  call.workspace_bytes = artifact->workspace_bytes(c.tokens, services.workers);
  constexpr uint64_t alignment = 64;
  Bytes workspace(call.workspace_bytes + alignment, poison);
  auto address = reinterpret_cast<uintptr_t>(workspace.data());
  call.workspace =
      workspace.data() + (alignment - address % alignment) % alignment;
  call.directory = withAdapters ? data.directory() : nullptr;
  call.services = &services;
  call.stats = &stats;
  moelora_error *error = nullptr;
  if (moelora_layer_run(artifact, &call, &error) != MOELORA_OK)
    failure = "the run fails: " + textOf(error);
  else if (output.back() != poison)
    failure = "the run writes past its output";
  return output;
}

double ratio(double found, double wanted, double bound) {
  if (found == wanted || (std::isnan(found) && std::isnan(wanted)))
    return 0;
  double error = std::abs(found - wanted) / bound;
  return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
}

void compareWithReference(const Case &c, const Data &data, const Bytes &output,
                          Verdict &verdict) {
  reference::Output exact =
      reference::evaluate(data.problem(), /*withBounds=*/true);
  auto type = moelora_dtype(c.layer.dtype);
  for (int64_t t = 0; t < c.tokens; ++t) {
    if (!exact.decided[t]) {
      ++verdict.undecided;
      continue;
    }
    ++verdict.compared;
    for (int64_t i = t * exact.width; i < (t + 1) * exact.width; ++i)
      verdict.worst = std::fmax(verdict.worst,
                                ratio(reference::load(type, output.data(), i),
                                      exact.rows[i], exact.bounds[i]));
  }
  if (verdict.worst > 1)
    verdict.failure = "an element is outside of its bound";
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

/// What is given needs no description of how it would come about.
std::string describedDifference(const Case &c,
                                const moelora_artifact *artifact) {
  moelora_layer layer = c.layer;
  if (c.options.given != Given::Nothing) {
    layer.router_dtype = artifact->layer.router_dtype;
    layer.router_input = artifact->layer.router_input;
    layer.router_norm = artifact->layer.router_norm;
    layer.biases &= ~uint32_t(MOELORA_HAS_ROUTER_BIAS);
  }
  if (c.options.given == Given::Choice) {
    layer.router = artifact->layer.router;
    layer.router.experts = c.layer.router.experts;
    layer.router.top_k = c.layer.router.top_k;
  }
  moelora_error *error = nullptr;
  moelora_artifact_match(artifact, &layer, &error);
  return textOf(error);
}

} // namespace

Verdict check(const Case &c, moelora_pool *pool) {
  Verdict verdict;
  std::string why;
  Artifact file = compile(c, why);
  if (!file)
    return {"it does not compile: " + why};
  const moelora_artifact *artifact = moelora_artifact_of(file.get());
  std::string difference = describedDifference(c, artifact);
  if (!difference.empty())
    return {"the artifact describes another layer: " + difference};
  Data data(c);
  std::string wrong = reference::problemError(data.problem());
  if (!wrong.empty())
    return {"the reference refuses: " + wrong};
  verdict.failure = whyNotMeant(c, data);
  Runner runner(c, data, artifact);
  Bytes several = runner.run(pool, true, verdict.failure);
  Bytes one = runner.run(nullptr, true, verdict.failure);
  Bytes base = runner.run(pool, false, verdict.failure);
  if (!verdict.failure.empty())
    return verdict;
  compareWithReference(c, data, several, verdict);
  compareBaseRows(c, data, several, base, verdict);
  if (several != one)
    verdict.failure = "one worker and several answer different bits";
  return verdict;
}

} // namespace moelora::differential
