// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Weights that are not plain floats: recognised, and refused by name.
#ifndef MOELORA_LIB_MODELS_QUANTIZED_H
#define MOELORA_LIB_MODELS_QUANTIZED_H

#include "Config.h"

#include "moelora/models/Weights.h"

namespace moelora::models {

/// Fails where the config says that its weights are quantised.
void refuseQuantized(Config &config);

/// Why a tensor cannot be read as floats, by what lies beside it in the file;
/// "" when nothing tells of a quantisation.
std::string quantizedTensor(const moelora_checkpoint *file,
                            const std::string &name);

} // namespace moelora::models

#endif // MOELORA_LIB_MODELS_QUANTIZED_H
