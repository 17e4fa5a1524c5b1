// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Problem.h"

#include "moelora/adapters/Dummy.h"
#include "moelora/host/Exact.h"
#include "moelora/host/Report.h"
#include "moelora/models/AdapterTarget.h"

#include <cstdlib>
#include <set>

using namespace moelora::host;

namespace moelora::bench {

static ArtifactHandle compile(const Shape &shape, const std::string &compiler,
                              const Limits &limits) {
  TemporaryFolder folder(TemporaryFolder::prefixIn("", "moelora-bench"));
  std::string config = folder.path() + "/config.json";
  std::string layer = folder.path() + "/layer.so";
  writeJson(config, configOf(shape, 1));
  std::string command =
      "'" + compiler + "' '" + config + "' --cpu=" + limits.cpu +
      " --slots=" + std::to_string(limits.slots) +
      " --max-rank=" + std::to_string(limits.maxRank) + " -o '" + layer + "'";
  if (std::system(command.c_str()) != 0)
    throw Error("failed: " + command);
  moelora_artifact_file *loaded = nullptr;
  call(moelora_artifact_load, layer.c_str(), &loaded);
  return ArtifactHandle(loaded);
}

Layer::Layer(const Shape &shape, const std::string &compiler,
             const Limits &limits, const moelora_services &services)
    : shape(shape), services(services), model(modelOf(shape, 1)),
      file(compile(shape, compiler, limits)),
      artifact(*moelora_artifact_of(file.get(), 0)),
      weights(randomWeights(model, 0, /*seed=*/1, services)) {}

static std::vector<OpenAdapter> makeAdapters(const Layer &layer, int32_t count,
                                             int32_t rank) {
  models::AdapterTarget names(layer.model);
  std::vector<OpenAdapter> adapters;
  for (int32_t slot = 0; slot < count; ++slot) {
    adapters::DummyOptions options;
    options.dtype = layer.model.dtype();
    options.ranks = {rank};
    options.random = true;
    options.seed = static_cast<uint64_t>(slot);
    adapters::Dummy dummy(names.get(), options);
    adapters.push_back({"adapter-" + std::to_string(slot),
                        adapters::openDummy(dummy, names.get())});
  }
  return adapters;
}

AdaptedLayer::AdaptedLayer(const Layer &layer, int32_t count, int32_t rank)
    : layer(layer), adapters(makeAdapters(layer, count, rank)),
      table(adapters, *layer.artifact.variant, layer.model, 0, layer.services),
      bound(layer.artifact, 0, layer.weights, table, layer.services) {}

Problem::Problem(const AdaptedLayer &adapted, const Cell &cell)
    : routings(makeRoutings(adapted.layer.shape, cell)), adapted(adapted),
      cell(cell) {
  for (const Routing &routing : routings) {
    inputs.push_back(inputsOf(routing));
    batches.emplace_back(adapted.bound, MOELORA_ENTRY_IDS, inputs.back(),
                         adapted.table);
  }
}

Inputs Problem::inputsOf(const Routing &routing) const {
  const Layer &layer = adapted.layer;
  Inputs made;
  made.tokens = cell.tokens;
  made.slots = routing.slots;
  made.expertIds = routing.ids;
  int64_t elements = cell.tokens * layer.shape.hidden;
  Operand &hidden = made.operand[MOELORA_HIDDEN];
  hidden.type = layer.model.dtype();
  hidden.buffer = Buffer(uint64_t(elements) * moelora_dtype_bytes(hidden.type));
  reference::fillRandom(layer.services, hidden.buffer.data(), hidden.type,
                        elements, {0, reference::unitAmplitude},
                        /*seed=*/inputs.size());
  Operand &weights = made.operand[MOELORA_EXPERT_WEIGHTS];
  weights.type = MOELORA_F32;
  weights.buffer = Buffer(routing.ids.size() * sizeof(float));
  std::fill_n(reinterpret_cast<float *>(weights.buffer.data()),
              routing.ids.size(), 1.0f / float(layer.shape.topK));
  return made;
}

void Problem::run() { batches[runs++ % batches.size()].run(); }

reference::Verdict Problem::compare() const {
  const Layer &layer = adapted.layer;
  size_t last = (runs - 1) % batches.size();
  const std::set<int64_t> sampled = {0, cell.tokens - 1};
  const std::vector<int64_t> tokens(sampled.begin(), sampled.end());
  ExactRows exact = Exact(*layer.artifact.layer, 0, MOELORA_ENTRY_IDS,
                          inputs[last], layer.weights, adapted.adapters)
                        .evaluate(tokens, true, layer.services.workers);
  int64_t width = layer.shape.hidden;
  return reference::compareRows({layer.model.dtype(),
                                 batches[last].output.data(), cell.tokens,
                                 width, width},
                                tokens, exact);
}

} // namespace moelora::bench
