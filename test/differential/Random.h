// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// splitmix64: the same numbers from the same seed on every machine.

#ifndef MOELORA_TEST_DIFFERENTIAL_RANDOM_H
#define MOELORA_TEST_DIFFERENTIAL_RANDOM_H

#include <cmath>
#include <cstdint>
#include <initializer_list>

namespace moelora::differential {

class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}

  uint64_t next() {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  int64_t below(int64_t limit) { return next() % limit; }
  int64_t between(int64_t least, int64_t most) {
    return least + below(most - least + 1);
  }
  bool oneIn(int64_t n) { return below(n) == 0; }
  /// In (-1, 1).
  double real() { return std::ldexp(double(next() >> 11), -52) - 1; }
  template <typename T> T pick(std::initializer_list<T> values) {
    return values.begin()[below(values.size())];
  }

private:
  uint64_t state;
};

} // namespace moelora::differential

#endif // MOELORA_TEST_DIFFERENTIAL_RANDOM_H
