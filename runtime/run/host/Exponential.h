// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// e^x without branches or calls, so that loops over it become vector code.
//
//   e^x = 2^n * e^r,  n = round(x / ln 2),  r = x - n ln 2 in [-0.35, 0.35]
//
// Worst error about 1 unit in the last place; NaN stays NaN, and both ends
// saturate to 0 and infinity.
#ifndef MOELORA_EXECUTE_EXPONENTIAL_H
#define MOELORA_EXECUTE_EXPONENTIAL_H

#include <cstdint>
#include <cstring>

namespace moelora {

/// 2^n for n in [-126, 127].
inline float powerOfTwo(int32_t n) {
  int32_t bits = (n + 127) << 23;
  float power;
  std::memcpy(&power, &bits, sizeof power);
  return power;
}

/// The Taylor polynomial of e^r; its remainder r^8 / 8! is below 6e-9.
inline float exponentialNearZero(float r) {
  float sum = 1.0f / 5040;
  sum = sum * r + 1.0f / 720;
  sum = sum * r + 1.0f / 120;
  sum = sum * r + 1.0f / 24;
  sum = sum * r + 1.0f / 6;
  sum = sum * r + 1.0f / 2;
  sum = sum * r + 1.0f;
  return sum * r + 1.0f;
}

inline float exponential(float x) {
  // Beyond these limits the result is 0 or infinity anyway.
  constexpr float Lowest = -104.0f, Highest = 89.0f;
  // Adding 1.5 * 2^23 leaves the rounded integer in the low mantissa bits.
  constexpr float Rounder = 12582912.0f;
  // ln 2 in two parts; n * High is exact.
  constexpr float High = 0.693359375f, Low = -2.12194440e-4f;
  constexpr float PerLn2 = 1.44269504f;

  x = x < Lowest ? Lowest : x;
  x = x > Highest ? Highest : x;
  float shifted = x * PerLn2 + Rounder;
  float rounded = shifted - Rounder;
  float r = (x - rounded * High) - rounded * Low;
  int32_t bits, base;
  std::memcpy(&bits, &shifted, sizeof bits);
  std::memcpy(&base, &Rounder, sizeof base);
  // Masked, because the bits of a NaN are not a valid integer. Two factors,
  // because 2^n may be too small or too large for a float.
  int32_t n = ((bits - base + 512) & 1023) - 512;
  n = n < -252 ? -252 : n > 254 ? 254 : n;
  int32_t half = n >> 1;
  return exponentialNearZero(r) * powerOfTwo(half) * powerOfTwo(n - half);
}

} // namespace moelora

#endif // MOELORA_EXECUTE_EXPONENTIAL_H
