// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The family table, divided by the router's use of the logits, and its rows by
// name.
#ifndef MOELORA_LIB_MODELS_FAMILYTABLES_H
#define MOELORA_LIB_MODELS_FAMILYTABLES_H

#include "Family.h"

#include <span>
#include <string>
#include <vector>

namespace moelora::models {

/// A softmax over all experts.
std::span<const Family> softmaxFamilies();
/// The largest logits, with a softmax or a sigmoid of them.
std::span<const Family> topKFamilies();
/// Sigmoid with a bias for the choice, with optional renormalisation and
/// groups.
std::span<const Family> noAuxFamilies();
/// The other sigmoids, and all other families.
std::span<const Family> sigmoidFamilies();

/// Every model_type that has a row, sorted.
std::vector<std::string> familyNames();

/// Another model_type with the row of a family.
struct Alias {
  const char *modelType;
  const char *row;
  /// Only for models of this class. Others have the type but different layers.
  const char *onlyClass = nullptr;
};

std::span<const Alias> familyAliases();

/// A known type of model that cannot be imported.
struct Refusal {
  const char *modelType;
  const char *why;
};

std::span<const Refusal> familyRefusals();

/// The row of a type, or null. `className` is the class of the model, "" if
/// unknown.
const Family *findFamily(const std::string &modelType,
                         const std::string &className);

/// Every known model_type, including refused ones.
std::vector<std::string> knownNames();

/// Why a known type of model cannot be imported, or null.
const char *whyRefused(const std::string &modelType);

} // namespace moelora::models

#endif // MOELORA_LIB_MODELS_FAMILYTABLES_H
