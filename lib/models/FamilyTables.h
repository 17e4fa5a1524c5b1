// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The family table, in parts by what the router makes of the logits.
#ifndef MOELORA_LIB_MODELS_FAMILYTABLES_H
#define MOELORA_LIB_MODELS_FAMILYTABLES_H

#include "Family.h"

#include <span>

namespace moelora::models {

std::span<const Family> softmaxFamilies();
/// Sigmoid with a bias for the choice, renormalised when told, maybe grouped.
std::span<const Family> noAuxFamilies();
/// The other sigmoids, and what is neither.
std::span<const Family> sigmoidFamilies();

/// Another model_type of which a family's row says everything.
struct Alias {
  const char *modelType;
  const char *row;
};

std::span<const Alias> familyAliases();

} // namespace moelora::models

#endif // MOELORA_LIB_MODELS_FAMILYTABLES_H
