// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The family table in words, for the page that users read.
#ifndef MOELORA_MODELS_FAMILIES_H
#define MOELORA_MODELS_FAMILIES_H

#include <string>

namespace moelora::models {

/// A Markdown table: every `model_type` that can be imported and what its
/// layers compute; types of which this is the same share a line.
std::string describeFamilies();

/// A Markdown table: every `model_type` that is known and cannot be imported,
/// and why.
std::string describeRefused();

} // namespace moelora::models

#endif // MOELORA_MODELS_FAMILIES_H
