// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recognises weights that are not plain floats, and refuses them with the name
// of the method.
#ifndef MOELORA_LIB_MODELS_QUANTIZED_H
#define MOELORA_LIB_MODELS_QUANTIZED_H

#include "Config.h"

#include "moelora/models/Weights.h"

namespace moelora::models {

/// Fails if the config states that the weights are quantised.
void refuseQuantized(Config &config);

/// Why a tensor cannot be read as floats, according to related tensors in the
/// file; "" if there is no sign of quantisation.
std::string quantizedTensor(const moelora_checkpoint *file,
                            const std::string &name);

} // namespace moelora::models

#endif // MOELORA_LIB_MODELS_QUANTIZED_H
