// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The family table, in parts by what the router makes of the logits, and its
// rows by name.
#ifndef MOELORA_LIB_MODELS_FAMILYTABLES_H
#define MOELORA_LIB_MODELS_FAMILYTABLES_H

#include "Family.h"

#include <span>
#include <string>
#include <vector>

namespace moelora::models {

/// A softmax over all experts.
std::span<const Family> softmaxFamilies();
/// The largest logits, and a softmax or a sigmoid of those.
std::span<const Family> topKFamilies();
/// Sigmoid with a bias for the choice, renormalised when told, maybe grouped.
std::span<const Family> noAuxFamilies();
/// The other sigmoids, and what is neither.
std::span<const Family> sigmoidFamilies();

/// Every model_type that has a row, sorted.
std::vector<std::string> familyNames();

/// Another model_type of which a family's row says everything.
struct Alias {
  const char *modelType;
  const char *row;
  /// Only of models of this class; others have the type but not the layers.
  const char *onlyClass = nullptr;
};

std::span<const Alias> familyAliases();

/// A known kind of model that cannot be imported.
struct Refusal {
  const char *modelType;
  const char *why;
};

std::span<const Refusal> familyRefusals();

/// Null when there is none. `className` is that of the model, "" if unknown.
const Family *findFamily(const std::string &modelType,
                         const std::string &className);

/// Every model_type of which something is known, refused ones included.
std::vector<std::string> knownNames();

/// Why a known kind of model cannot be imported, or null.
const char *whyRefused(const std::string &modelType);

} // namespace moelora::models

#endif // MOELORA_LIB_MODELS_FAMILYTABLES_H
