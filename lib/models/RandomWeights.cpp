// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/models/RandomWeights.h"

#include "moelora/reference/Number.h"
#include "moelora/reference/Random.h"

#include <cmath>
#include <cstring>

namespace moelora::models {
namespace {

/// What multiplies a row element by element is around 1 itself, a sum over the
/// last dimension keeps the deviation of its inputs, and biases are small
/// beside it.
reference::Spread spreadOf(const Operand &operand) {
  switch (operand.role) {
  case MOELORA_EXPERT_SCALE:
  case MOELORA_ROUTER_NORM_WEIGHT:
  case MOELORA_OUTPUT_NORM_WEIGHT:
    return {1, 0.5};
  case MOELORA_ROUTER_BIAS:
  case MOELORA_SELECTION_BIAS:
  case MOELORA_GATE_UP_BIAS:
  case MOELORA_DOWN_BIAS:
  case MOELORA_LATENT_IN_BIAS:
  case MOELORA_LATENT_OUT_BIAS:
  case MOELORA_SHARED_GATE_UP_BIAS:
  case MOELORA_SHARED_DOWN_BIAS:
    return {0, 0.25};
  default:
    return {0,
            reference::unitAmplitude / std::sqrt(double(operand.shape.back()))};
  }
}

/// Rows of neighbours, so that no token has an expert twice.
void fillTable(const Operand &operand, void *data, uint64_t seed) {
  int64_t k = operand.shape.back(), rows = operand.elements() / k;
  auto *ids = static_cast<int32_t *>(data);
  std::vector<int32_t> first =
      reference::randomIds(rows, int32_t(operand.ids), seed);
  for (int64_t i = 0; i < rows * k; ++i)
    ids[i] = int32_t((first[size_t(i / k)] + i % k) % operand.ids);
}

uint64_t streamOf(const Operand &operand, uint64_t seed) {
  return reference::mix(seed) + uint64_t(operand.role);
}

/// Fills each run on one worker.
class RunFiller {
public:
  RunFiller(const Operand &operand, const std::vector<Run> &runs, char *data,
            moelora_dtype type, uint64_t stream)
      : values(type, type, spreadOf(operand)), runs(runs), data(data),
        width(reference::bytesOf(type)), stream(stream) {}

  void fill(const moelora_services &services) {
    services.parallel_for(
        services.context, int64_t(runs.size()),
        [](void *filler, int64_t task, int64_t) {
          static_cast<RunFiller *>(filler)->fillRun(size_t(task));
        },
        this);
  }

private:
  void fillRun(size_t index) const {
    const Run &run = runs[index];
    values.fillRange(data + uint64_t(run.part) * width, run.whole, run.count,
                     stream);
  }

  reference::RandomValues values;
  const std::vector<Run> &runs;
  char *data;
  uint64_t width, stream;
};

} // namespace

void fillRandomPart(const Operand &operand, const Part &part, void *data,
                    moelora_dtype type, uint64_t seed,
                    const moelora_services &services) {
  Operand owned = cut(operand, part);
  if (owned.shape == operand.shape && !part.experts)
    return fillRandom(operand, data, type, seed, services);
  std::memset(data, 0, size_t(owned.elements()) * reference::bytesOf(type));
  std::vector<Run> runs = runsOf(operand, part);
  RunFiller(operand, runs, static_cast<char *>(data), type,
            streamOf(operand, seed))
      .fill(services);
}

void fillRandom(const Operand &operand, void *data, moelora_dtype type,
                uint64_t seed, const moelora_services &services) {
  uint64_t stream = streamOf(operand, seed);
  if (operand.ids)
    fillTable(operand, data, stream);
  else
    reference::fillRandom(services, data, type, operand.elements(),
                          spreadOf(operand), stream);
}

} // namespace moelora::models
