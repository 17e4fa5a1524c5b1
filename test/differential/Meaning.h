// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The IR of a case, at both levels, run with the interpreter.

#ifndef MOELORA_TEST_DIFFERENTIAL_MEANING_H
#define MOELORA_TEST_DIFFERENTIAL_MEANING_H

#include "Data.h"

namespace moelora::differential {

/// Empty where both levels give the rows that are wanted: but for the last bits
/// of f64, or all bits where the case is exact; else what is wrong.
std::string whyNotMeant(const Case &c, const Data &data,
                        const reference::Output &wanted);

} // namespace moelora::differential

#endif // MOELORA_TEST_DIFFERENTIAL_MEANING_H
