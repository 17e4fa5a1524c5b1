// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names that may have been meant.
#ifndef MOELORA_LIB_MODELS_NEAREST_H
#define MOELORA_LIB_MODELS_NEAREST_H

#include <string>

namespace moelora::models {

/// The letters and digits of a name, small: what different spellings of a name
/// have in common.
std::string lettersOf(const std::string &name);

/// The known model types that are most like `name`: "mixtral or minimax"; empty
/// where none is like it.
std::string nearestNames(const std::string &name);

} // namespace moelora::models

#endif // MOELORA_LIB_MODELS_NEAREST_H
