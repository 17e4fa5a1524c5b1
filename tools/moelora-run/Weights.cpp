// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Weights.h"

#include "Random.h"

#include "moelora/models/Weights.h"
#include "moelora/reference/Number.h"

#include <cmath>

using namespace moelora;
using namespace moelora::run;

namespace {

Operand &allocate(Weights &weights, const models::Operand &description,
                  moelora_dtype type) {
  Operand &operand = weights.operand[description.role];
  operand.type = type;
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
                 moelora_file_dtype_name(stored) + " and rounded to " +
                 moelora_file_dtype_name(type);
}

} // namespace

Weights moelora::run::loadWeights(const models::Model &model, int layer,
                                  const std::string &folder, bool asStored) {
  moelora_checkpoint *opened = nullptr;
  call("", moelora_checkpoint_open, folder.c_str(), &opened);
  Handle<moelora_checkpoint, moelora_checkpoint_close> file(opened);
  auto bound = models::bindWeights(model, layer, file.get());
  if (!bound)
    throw Error(bound.message());
  Weights weights;
  for (const models::BoundOperand &source : *bound) {
    moelora_dtype type =
        asStored ? source.storedType() : source.operand().dtype;
    Operand &operand = allocate(weights, source.operand(), type);
    std::string problem = source.read(operand.buffer.data(), type);
    if (!problem.empty())
      throw Error(problem);
    noteRounding(weights, source.storedType(), type);
  }
  return weights;
}

Weights moelora::run::randomWeights(const models::Model &model, int layer,
                                    uint64_t seed,
                                    const moelora_services &services) {
  Weights weights;
  for (const models::Operand &description :
       models::weightOperands(model, layer)) {
    Operand &operand = allocate(weights, description, description.dtype);
    // A sum over the last dimension keeps the deviation of its inputs.
    double amplitude =
        UnitAmplitude / std::sqrt(double(description.shape.back()));
    fillRandom(services, operand.buffer.data(), operand.type,
               description.elements(), amplitude,
               mix(seed) + uint64_t(description.role));
  }
  return weights;
}
