// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The router's part of a layer's description.
#ifndef MOELORA_LIB_MODELS_READROUTER_H
#define MOELORA_LIB_MODELS_READROUTER_H

#include "LayerRules.h"

namespace moelora::models {

/// Fills layer.router and the layer's fields for the router's input and for
/// zero experts. config.failure() has the error, if any.
void readRouter(Config &config, const Family &family, LayerKind kind,
                moelora_layer &layer);

} // namespace moelora::models

#endif // MOELORA_LIB_MODELS_READROUTER_H
