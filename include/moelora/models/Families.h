// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Describes the family table for docs/models.md.
#ifndef MOELORA_MODELS_FAMILIES_H
#define MOELORA_MODELS_FAMILIES_H

#include <string>

namespace moelora::models {

/// A Markdown table of every `model_type` that can be imported, and what its
/// layers compute. Types with the same layers share a line.
std::string describeFamilies();

/// A Markdown table of every `model_type` that is known but cannot be imported,
/// and the reason.
std::string describeRefused();

} // namespace moelora::models

#endif // MOELORA_MODELS_FAMILIES_H
