// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Signed random data, equal on every machine: numbers one after the other for
// data that depend on each other, and whole arrays, fast enough for gigabytes
// and equal with any number of threads.
#ifndef MOELORA_REFERENCE_RANDOM_H
#define MOELORA_REFERENCE_RANDOM_H

#include "moelora/runtime/Services.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

namespace moelora::reference {

/// The half width of the uniform distribution whose deviation is 1.
constexpr double unitAmplitude = 1.7320508075688772;

/// What SplitMix64 adds to its state for each number.
constexpr uint64_t mixStep = 0x9e3779b97f4a7c15;

/// A well mixed function of its argument: SplitMix64's number after a state.
constexpr uint64_t mix(uint64_t state) {
  state += mixStep;
  state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
  state = (state ^ (state >> 27)) * 0x94d049bb133111eb;
  return state ^ (state >> 31);
}

/// SplitMix64: the same numbers from the same seed.
class RandomNumbers {
public:
  explicit RandomNumbers(uint64_t seed) : state(seed) {}

  uint64_t next() {
    uint64_t number = mix(state);
    state += mixStep;
    return number;
  }
  /// In [0, limit).
  int64_t below(int64_t limit) { return int64_t(next() % uint64_t(limit)); }
  int64_t between(int64_t least, int64_t most) {
    return least + below(most - least + 1);
  }
  bool oneIn(int64_t n) { return below(n) == 0; }
  /// In (-1, 1).
  double real() { return std::ldexp(double(next() >> 11), -52) - 1; }
  template <typename T> T pick(std::initializer_list<T> values) {
    return values.begin()[below(int64_t(values.size()))];
  }

private:
  uint64_t state;
};

/// Where uniform values lie: within `amplitude` of `center`.
struct Spread {
  double center, amplitude;
};

/// Values of one spread and type, as often as they are wanted.
class RandomValues {
public:
  /// Each value is rounded once to `type` and stored as `storage`.
  RandomValues(moelora_dtype type, moelora_dtype storage, Spread spread);

  /// Fills `count` elements; equal seeds give equal ones.
  void fill(void *data, int64_t count, uint64_t seed) const;
  /// The same on all workers.
  void fill(const moelora_services &services, void *data, int64_t count,
            uint64_t seed) const;

private:
  void fillPart(void *data, int64_t begin, int64_t end, uint64_t stream) const;

  size_t elementBytes;
  std::vector<char> table;
};

/// Fills `count` elements of `type` on all workers.
void fillRandom(const moelora_services &services, void *data,
                moelora_dtype type, int64_t count, Spread spread,
                uint64_t seed);

/// Ids in [0, limit).
std::vector<int32_t> randomIds(int64_t count, int32_t limit, uint64_t seed);

} // namespace moelora::reference

#endif // MOELORA_REFERENCE_RANDOM_H
