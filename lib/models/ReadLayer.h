// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One layer's description from a config and its family's row.
#ifndef MOELORA_LIB_MODELS_READLAYER_H
#define MOELORA_LIB_MODELS_READLAYER_H

#include "LayerRules.h"

namespace moelora::models {

/// Requires kind != Dense. config.failure() has the error, if any.
moelora_layer readLayer(Config &config, const Family &family, LayerKind kind,
                        moelora_dtype dtype);

} // namespace moelora::models

#endif // MOELORA_LIB_MODELS_READLAYER_H
