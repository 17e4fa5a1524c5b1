// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/host/Weights.h"

#include "moelora/host/Handles.h"
#include "moelora/host/Random.h"

#include "moelora/models/Weights.h"
#include "moelora/reference/Number.h"

#include <cmath>

using namespace moelora;
using namespace moelora::host;

namespace {

Operand &allocate(Weights &weights, const models::Operand &description,
                  moelora_dtype type) {
  Operand &operand = weights.operand[description.role];
  operand.type = type;
  operand.shape = description.shape;
  operand.buffer =
      Buffer(uint64_t(description.elements()) * reference::bytesOf(type));
  weights.bytes += operand.buffer.bytes();
  return operand;
}

void noteRounding(Weights &weights, moelora_dtype stored, moelora_dtype type) {
  if (reference::bytesOf(stored) <= reference::bytesOf(type) &&
      (stored == type || type == MOELORA_F32))
    return;
  weights.note = std::string("weights are stored as ") +
                 moelora_dtype_name(stored) + " and rounded to " +
                 moelora_dtype_name(type);
}

} // namespace

Weights moelora::host::loadWeights(const models::Model &model, int layer,
                                   const std::string &folder, bool asStored,
                                   const Progress &progress) {
  CheckpointHandle file = openCheckpoint(folder);
  auto bound = models::bindWeights(model, layer, file.get());
  if (!bound)
    throw Error(bound.message());
  Weights weights;
  ProgressCount count(progress, bound->size(), "weights read");
  for (const models::BoundOperand &source : *bound) {
    moelora_dtype type =
        asStored ? source.storedType() : source.operand().dtype;
    Operand &operand = allocate(weights, source.operand(), type);
    std::string problem = source.read(operand.buffer.data(), type);
    if (!problem.empty())
      throw Error(problem);
    noteRounding(weights, source.storedType(), type);
    count.advance();
  }
  return weights;
}

namespace {

/// Values that keep a layer's values near 1: factors of single elements are
/// near 1, a sum over the last dimension keeps the deviation of its inputs, and
/// biases are small in comparison.
Spread spreadOf(const models::Operand &operand) {
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
    return {0, UnitAmplitude / std::sqrt(double(operand.shape.back()))};
  }
}

/// Each row has consecutive ids, so that no token has an expert twice.
void fillTable(const models::Operand &operand, void *data, uint64_t seed) {
  int64_t k = operand.shape.back(), rows = operand.elements() / k;
  auto *ids = static_cast<int32_t *>(data);
  std::vector<int32_t> first = randomIds(rows, int32_t(operand.ids), seed);
  for (int64_t i = 0; i < rows * k; ++i)
    ids[i] = int32_t((first[size_t(i / k)] + i % k) % operand.ids);
}

} // namespace

Weights moelora::host::randomWeights(const models::Model &model, int layer,
                                     uint64_t seed,
                                     const moelora_services &services) {
  Weights weights;
  for (const models::Operand &description :
       models::weightOperands(model, layer)) {
    Operand &operand = allocate(weights, description, description.dtype);
    uint64_t stream = mix(seed) + uint64_t(description.role);
    if (description.ids)
      fillTable(description, operand.buffer.data(), stream);
    else
      fillRandom(services, operand.buffer.data(), operand.type,
                 description.elements(), spreadOf(description), stream);
  }
  return weights;
}
