// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/host/Weights.h"

#include "moelora/host/Handles.h"

#include "moelora/models/RandomWeights.h"
#include "moelora/reference/Number.h"

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
                                   const Progress &progress,
                                   const models::Part &part) {
  CheckpointHandle file = openCheckpoint(folder);
  auto bound = models::bindWeights(model, layer, file.get(), part);
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
  weights.readBytes = moelora_checkpoint_bytes_read(file.get());
  return weights;
}

Weights moelora::host::randomWeights(const models::Model &model, int layer,
                                     uint64_t seed,
                                     const moelora_services &services,
                                     const models::Part &part) {
  Weights weights;
  for (const models::Operand &whole : models::weightOperands(model, layer)) {
    Operand &operand = allocate(weights, models::cut(whole, part), whole.dtype);
    models::fillRandomPart(whole, part, operand.buffer.data(), operand.type,
                           seed, services);
  }
  return weights;
}
