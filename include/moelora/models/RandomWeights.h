// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Weights that are made up, for a model whose own are not at hand.
#ifndef MOELORA_MODELS_RANDOMWEIGHTS_H
#define MOELORA_MODELS_RANDOMWEIGHTS_H

#include "moelora/models/Weights.h"
#include "moelora/runtime/Services.h"

namespace moelora::models {

/// Fills `data`, elements() of `type`, with signed random values that keep a
/// layer's numbers near 1; a table of ids, with ids, whatever the type. Equal
/// seeds give equal values, but each operand of a layer has values of its own.
void fillRandom(const Operand &operand, void *data, moelora_dtype type,
                uint64_t seed, const moelora_services &services);

} // namespace moelora::models

#endif // MOELORA_MODELS_RANDOMWEIGHTS_H
