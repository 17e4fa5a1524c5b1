// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Signed random data that is equal on every machine. RandomNumbers returns one
// number after another. RandomValues fills arrays; it is fast enough for
// gigabytes, and the values do not depend on the number of threads.
#ifndef MOELORA_REFERENCE_RANDOM_H
#define MOELORA_REFERENCE_RANDOM_H

#include "moelora/runtime/Services.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

namespace moelora::reference {

/// The half width of a uniform distribution whose standard deviation is 1.
constexpr double unitAmplitude = 1.7320508075688772;

/// The constant that SplitMix64 adds to its state for each number.
constexpr uint64_t mixStep = 0x9e3779b97f4a7c15;

/// A hash of its argument: the number that SplitMix64 returns after this state.
constexpr uint64_t mix(uint64_t state) {
  state += mixStep;
  state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
  state = (state ^ (state >> 27)) * 0x94d049bb133111eb;
  return state ^ (state >> 31);
}

/// The generator SplitMix64. Equal seeds give equal numbers.
class RandomNumbers {
public:
  explicit RandomNumbers(uint64_t seed) : state(seed) {}

  uint64_t next() {
    uint64_t number = mix(state);
    state += mixStep;
    return number;
  }
  /// A number in [0, limit).
  int64_t below(int64_t limit) { return int64_t(next() % uint64_t(limit)); }
  /// A number in [least, most].
  int64_t between(int64_t least, int64_t most) {
    return least + below(most - least + 1);
  }
  /// True with a probability of 1 / n.
  bool oneIn(int64_t n) { return below(n) == 0; }
  /// A number in [-1, 1).
  double real() { return std::ldexp(double(next() >> 11), -52) - 1; }
  /// One of the values, of which there is at least one.
  template <typename T> T pick(std::initializer_list<T> values) {
    return values.begin()[below(int64_t(values.size()))];
  }

private:
  uint64_t state;
};

/// The range of uniform values: center - amplitude to center + amplitude.
struct Spread {
  double center, amplitude;
};

/// Fills arrays with uniform values of one range and type. An object may be
/// used for several arrays.
class RandomValues {
public:
  /// Each value is rounded once to `type` and stored as `storage`.
  RandomValues(moelora_dtype type, moelora_dtype storage, Spread spread);

  /// Fills `count` elements. Equal seeds give equal elements.
  void fill(void *data, int64_t count, uint64_t seed) const;
  /// Fills the same elements on all workers of `services`.
  void fill(const moelora_services &services, void *data, int64_t count,
            uint64_t seed) const;

  /// Fills elements [first, first + count) of the same array, at `data`.
  void fillRange(void *data, int64_t first, int64_t count, uint64_t seed) const;

private:
  void fillPart(void *data, int64_t begin, int64_t end, uint64_t stream) const;

  size_t elementBytes;
  std::vector<char> table;
};

/// Fills `count` elements of `type` with values of a range, on all workers of
/// `services`. Equal seeds give equal elements.
void fillRandom(const moelora_services &services, void *data,
                moelora_dtype type, int64_t count, Spread spread,
                uint64_t seed);

/// Returns `count` ids in [0, limit). Equal seeds give equal ids.
std::vector<int32_t> randomIds(int64_t count, int32_t limit, uint64_t seed);

} // namespace moelora::reference

#endif // MOELORA_REFERENCE_RANDOM_H
