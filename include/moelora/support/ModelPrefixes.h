// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The path to the layers of a text model, as in
// "model.language_model.layers.0". Models of several parts nest the text model
// under different names, so a path is accepted if each of its components is one
// of these. The paths of other stacks of layers (vision towers, audio, talkers,
// prediction layers) have other components.
#ifndef MOELORA_SUPPORT_MODELPREFIXES_H
#define MOELORA_SUPPORT_MODELPREFIXES_H

#include <algorithm>
#include <iterator>
#include <string_view>

namespace moelora {

/// The usual ones first.
inline constexpr std::string_view modelWords[] = {
    "model",       "language_model", "llm",      "text_model", "thinker",
    "transformer", "backbone",       "language", "lm",         "vlm"};

/// The largest number of components in a path.
inline constexpr int maxModelWords = 3;

inline bool isModelWord(std::string_view word) {
  return std::find(std::begin(modelWords), std::end(modelWords), word) !=
         std::end(modelWords);
}

} // namespace moelora

#endif // MOELORA_SUPPORT_MODELPREFIXES_H
