/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The name of a status, and the comparison of a text with the expected one.
 */
#ifndef MOELORA_TEST_RUNTIME_HOSTILE_JUDGEMENT_H
#define MOELORA_TEST_RUNTIME_HOSTILE_JUDGEMENT_H

#include "TableText.h"

namespace moelora::test {

std::string statusName(int32_t status);

/// Whether `text` contains one of the texts that `|` separates.
bool saysOneOf(const std::string &text, const std::string &pieces);

/// Whether pages of f32 are equal but for values that are not finite.
bool sameButNotFinite(const Pages &good, const Pages &spoiled);

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_HOSTILE_JUDGEMENT_H
