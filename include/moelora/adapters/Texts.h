// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Formats the JSON documents that the functions of Questions.h return as lines
// of text for the user.
#ifndef MOELORA_ADAPTERS_TEXTS_H
#define MOELORA_ADAPTERS_TEXTS_H

#include "moelora/adapters/Questions.h"

namespace moelora::adapters {

/// The text of the result of `inspect`.
std::string inspectionText(const Json &report);
/// The text of the result of `checkBinding`.
std::string bindingText(const Json &report);
/// The text of the result of `diff`. It lists at most 40 differences; the
/// document has all of them.
std::string differencesText(const Json &report);

} // namespace moelora::adapters

#endif // MOELORA_ADAPTERS_TEXTS_H
