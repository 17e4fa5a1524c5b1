// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Suggests known names for an unknown one.
#ifndef MOELORA_LIB_MODELS_NEAREST_H
#define MOELORA_LIB_MODELS_NEAREST_H

#include <string>

namespace moelora::models {

/// The letters and digits of a name in lower case, which are the same in
/// different spellings.
std::string lettersOf(const std::string &name);

/// The known model types that are most similar to `name`, as "mixtral or
/// minimax"; empty if none is similar.
std::string nearestNames(const std::string &name);

} // namespace moelora::models

#endif // MOELORA_LIB_MODELS_NEAREST_H
