/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Random numbers. The same seed gives the same numbers on every machine.
 */
#ifndef MOELORA_EMULATOR_RANDOM_H
#define MOELORA_EMULATOR_RANDOM_H

#include <cstdint>

namespace moelora::emulator {

/// The generator SplitMix64.
class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}

  uint64_t next() { return mixed(state += 0x9E3779B97F4A7C15u); }
  /// A number in [0, bound).
  uint32_t below(uint32_t bound) {
    return static_cast<uint32_t>((next() >> 32) * bound >> 32);
  }

  /// A hash of `z`.
  static uint64_t mixed(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

private:
  uint64_t state;
};

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_RANDOM_H
