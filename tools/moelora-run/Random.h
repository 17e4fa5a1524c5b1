// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Signed random data, fast enough for gigabytes, equal on every machine and
// with any number of threads.
#ifndef MOELORA_RUN_RANDOM_H
#define MOELORA_RUN_RANDOM_H

#include "Support.h"

#include <vector>

namespace moelora::run {

/// The half width of the uniform distribution whose deviation is 1.
constexpr double UnitAmplitude = 1.7320508075688772;

/// A well mixed function of its argument.
uint64_t mix(uint64_t value);

/// Where uniform values lie: within `amplitude` of `center`.
struct Spread {
  double center, amplitude;
};

/// Fills `count` elements, each rounded once to `type`.
void fillRandom(const moelora_services &services, void *data,
                moelora_dtype type, int64_t count, Spread spread,
                uint64_t seed);

/// Ids in [0, limit).
std::vector<int32_t> randomIds(int64_t count, int32_t limit, uint64_t seed);

} // namespace moelora::run

#endif // MOELORA_RUN_RANDOM_H
