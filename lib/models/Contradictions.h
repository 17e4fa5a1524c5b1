// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Keys that a config states although its family does not read them.
#ifndef MOELORA_LIB_MODELS_CONTRADICTIONS_H
#define MOELORA_LIB_MODELS_CONTRADICTIONS_H

#include "Config.h"
#include "Family.h"

namespace moelora::models {

/// Fails if a key that other families read, or that other code of this family
/// is known to read, has a value that describes another layer.
void refuseContradictions(Config &config, const Family &family,
                          const moelora_layer &layer);

} // namespace moelora::models

#endif // MOELORA_LIB_MODELS_CONTRADICTIONS_H
