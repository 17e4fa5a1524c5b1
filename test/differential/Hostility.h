// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs with ids, numbers and counts that are invalid, one at a time.

#ifndef MOELORA_TEST_DIFFERENTIAL_HOSTILITY_H
#define MOELORA_TEST_DIFFERENTIAL_HOSTILITY_H

#include "Run.h"

namespace moelora::differential {

/// The errors of such runs; empty if there are none. If `runs` is 0, some
/// positions are tried with some values; otherwise every position with every
/// value, and then many at once until there are this number of runs.
std::string harmOfHostileInputs(Runner &runner, const Case &c, const Data &data,
                                int64_t runs);

} // namespace moelora::differential

#endif // MOELORA_TEST_DIFFERENTIAL_HOSTILITY_H
