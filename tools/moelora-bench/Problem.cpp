// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Problem.h"

#include "Programs.h"
#include "moelora/adapters/Open.h"
#include "moelora/host/Exact.h"
#include "moelora/host/Report.h"
#include "moelora/host/Times.h"

using namespace moelora::host;

namespace moelora::bench {

Limits limitsOf(const std::vector<Cell> &cells,
                std::vector<std::string> options) {
  Limits limits = {std::move(options), 0, 1};
  for (const Cell &cell : cells) {
    limits.slots = std::max(limits.slots, cell.adapters);
    limits.maxRank = std::max(limits.maxRank, cell.rank);
  }
  return limits;
}

void compileShape(const Shape &shape, const std::string &compiler,
                  const Limits &limits, const std::string &folder) {
  std::string base = folder + "/" + fileOf(shape);
  writeJson(base + ".json", configOf(shape, 1));
  std::vector<std::string> words = {compiler, base + ".json"};
  words.insert(words.end(), limits.options.begin(), limits.options.end());
  words.push_back("--slots=" + std::to_string(limits.slots));
  words.push_back("--max-rank=" + std::to_string(limits.maxRank));
  words.insert(words.end(), {"-o", base + ".so"});
  outputOf(words);
}

Layer::Layer(const Shape &shape, const std::string &folder,
             const Target &target, std::shared_ptr<const Weights> given)
    : shape(shape), services(target.services),
      compiled(folder + "/" + fileOf(shape) + ".so",
               folder + "/" + fileOf(shape) + ".json", target),
      shared(given ? std::move(given)
                   : std::make_shared<const Weights>(
                         randomWeights(compiled.model, compiled.number,
                                       /*seed=*/1, services))),
      weights(*shared) {}

Layer makeLayer(const Shape &shape, const std::string &compiler,
                const Limits &limits, const Target &target) {
  TemporaryFolder folder(TemporaryFolder::prefixIn("", "moelora-bench"));
  compileShape(shape, compiler, limits, folder.path());
  return Layer(shape, folder.path(), target);
}

AdaptedLayer::AdaptedLayer(const Layer &layer,
                           const std::vector<int32_t> &ranks)
    : layer(layer),
      adapters(adapters::openAdapters(layer.compiled, {}, ranks, /*seed=*/0)),
      table(adapters, layer.compiled),
      bound(layer.compiled, layer.weights, table) {}

Inputs inputsOf(const Layer &layer, const Routing &routing, uint64_t seed) {
  Inputs made;
  made.tokens = int64_t(routing.slots.size());
  made.slots = routing.slots;
  made.expertIds = routing.ids;
  made.operand[MOELORA_HIDDEN] =
      randomRows(made.tokens, layer.shape.hidden, layer.compiled.model.dtype(),
                 seed, layer.services);
  Operand &weights = made.operand[MOELORA_EXPERT_WEIGHTS];
  weights.type = MOELORA_F32;
  weights.buffer = Buffer(routing.ids.size() * sizeof(float));
  std::fill_n(reinterpret_cast<float *>(weights.buffer.data()),
              routing.ids.size(), 1.0f / float(layer.shape.topK));
  return made;
}

Problem::Problem(const AdaptedLayer &adapted, const Cell &cell,
                 const CudaStream *stream)
    : routings(makeRoutings(adapted.layer.shape, cell)), adapted(adapted),
      cell(cell), stream(stream) {
  for (const Routing &routing : routings) {
    inputs.push_back(inputsOf(adapted.layer, routing, inputs.size()));
    batches.emplace_back(adapted.bound, MOELORA_ENTRY_IDS, inputs.back(),
                         adapted.table, stream ? stream->get() : nullptr);
    if (stream)
      graphs.push_back(stream->capture([&] { batches.back().enqueue(); }));
  }
}

void Problem::run() { batches[runs++ % batches.size()].run(); }

void Problem::repeat() { batches[runs++ % batches.size()].repeat(); }

double Problem::secondsOfWork() {
  host::Run &batch = batches[runs++ % batches.size()];
  return stream ? stream->secondsOf([&] { batch.enqueue(); })
                : secondsOf([&] { batch.repeat(); });
}

double Problem::secondsOfReplay() {
  const CudaGraph &graph = graphs[runs++ % graphs.size()];
  return stream->secondsOf([&] { graph.replay(); });
}

reference::Verdict Problem::compare() {
  const Layer &layer = adapted.layer;
  size_t last = (runs - 1) % batches.size();
  batches[last].fetch();
  std::vector<int64_t> tokens = {0};
  if (cell.tokens > 1)
    tokens.push_back(cell.tokens - 1);
  ExactRows exact =
      Exact(*layer.compiled.artifact.layer, layer.compiled.variant,
            layer.compiled.number, MOELORA_ENTRY_IDS, inputs[last],
            layer.weights, adapted.adapters)
          .evaluate(tokens, true, layer.services.workers);
  int64_t width = layer.shape.hidden;
  return reference::compareRows({layer.compiled.model.dtype(),
                                 batches[last].output.data(), cell.tokens,
                                 width, width},
                                tokens, exact);
}

} // namespace moelora::bench
