// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random weights, for runs without the weights of a model.
#ifndef MOELORA_MODELS_RANDOMWEIGHTS_H
#define MOELORA_MODELS_RANDOMWEIGHTS_H

#include "moelora/models/Part.h"
#include "moelora/runtime/Services.h"

namespace moelora::models {

/// Fills `data`, which has operand.elements() elements of `type`, with random
/// values on all workers of `services`. The range of the values is chosen so
/// that the activations of a layer stay near 1. A table of ids is filled with
/// ids as int32_t, and `type` is ignored. Equal seeds give equal values for an
/// operand, and operands of different roles have different values.
void fillRandom(const Operand &operand, void *data, moelora_dtype type,
                uint64_t seed, const moelora_services &services);

/// Fills `data` with a part of these values. `operand` is the whole operand,
/// and `data` has cut(operand, part).elements() elements.
void fillRandomPart(const Operand &operand, const Part &part, void *data,
                    moelora_dtype type, uint64_t seed,
                    const moelora_services &services);

} // namespace moelora::models

#endif // MOELORA_MODELS_RANDOMWEIGHTS_H
