// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A fast generator of signed random data. Its values do not depend on the
// machine or on the number of threads.
#ifndef MOELORA_HOST_RANDOM_H
#define MOELORA_HOST_RANDOM_H

#include "moelora/runtime/Abi.h"
#include "moelora/runtime/Layer.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace moelora::host {

/// The half width of the uniform distribution whose deviation is 1.
constexpr double UnitAmplitude = 1.7320508075688772;

/// A hash of its argument.
uint64_t mix(uint64_t value);

/// The range of uniform values: within `amplitude` of `center`.
struct Spread {
  double center, amplitude;
};

/// Generates any number of values of one spread and type.
class RandomValues {
public:
  /// Each value is rounded once to `type` and stored as `storage`.
  RandomValues(moelora_dtype type, moelora_dtype storage, Spread spread);

  /// Fills `count` elements. Equal seeds produce equal values.
  void fill(void *data, int64_t count, uint64_t seed) const;
  /// The same, with all workers.
  void fill(const moelora_services &services, void *data, int64_t count,
            uint64_t seed) const;

private:
  void fillPart(void *data, int64_t begin, int64_t end, uint64_t stream) const;

  size_t elementBytes;
  std::vector<char> table;
};

/// Fills `count` elements of `type` with all workers.
void fillRandom(const moelora_services &services, void *data,
                moelora_dtype type, int64_t count, Spread spread,
                uint64_t seed);

/// Random ids in [0, limit).
std::vector<int32_t> randomIds(int64_t count, int32_t limit, uint64_t seed);

} // namespace moelora::host

#endif // MOELORA_HOST_RANDOM_H
