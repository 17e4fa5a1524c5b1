// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// e^x and functions of it, without branches or calls, so that loops over them
// become vector code. Devices compute them with the same operations
// (codegen/gpu/Real.cpp), so that routers select the same experts everywhere.
//
//   e^x = 2^n * e^r,  n = round(x / ln 2),  r = x - n ln 2 in [-0.35, 0.35]
//
// Worst error about 1 unit in the last place, of the others about 2; NaN stays
// NaN, and both ends saturate to 0 and infinity.
#ifndef MOELORA_EXECUTE_EXPONENTIAL_H
#define MOELORA_EXECUTE_EXPONENTIAL_H

#include <cmath>
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

/// log(1 + x) of x in [0, 1], as the series of 2 atanh(x / (2 + x)).
inline float logarithmOfOnePlus(float x) {
  float z = x / (x + 2), square = z * z;
  float sum = 1.0f / 17;
  sum = sum * square + 1.0f / 15;
  sum = sum * square + 1.0f / 13;
  sum = sum * square + 1.0f / 11;
  sum = sum * square + 1.0f / 9;
  sum = sum * square + 1.0f / 7;
  sum = sum * square + 1.0f / 5;
  sum = sum * square + 1.0f / 3;
  sum = sum * square + 1.0f;
  return sum * (z + z);
}

/// 1 / (1 + e^-x), computed so that e^x cannot overflow.
inline float sigmoid(float x) {
  float small = exponential(-std::fabs(x));
  return (x < 0 ? small : 1.0f) / (1.0f + small);
}

/// sqrt(log(1 + e^x))
inline float sqrtSoftplus(float x) {
  float small = exponential(-std::fabs(x));
  return std::sqrt((x < 0 ? 0.0f : x) + logarithmOfOnePlus(small));
}

/// Near zero, where 1 - 2 / (e^2x + 1) cancels, a minimax polynomial, with the
/// coefficients of tanhf in the Cephes library.
inline float hyperbolicTangent(float x) {
  float square = x * x, size = std::fabs(x);
  float sum = -5.70498872745e-3f;
  sum = sum * square + 2.06390887954e-2f;
  sum = sum * square + -5.37397155531e-2f;
  sum = sum * square + 1.33314422036e-1f;
  sum = sum * square + -3.33332819422e-1f;
  float near = x + x * (square * sum);
  float far = 1.0f - 2.0f / (exponential(size + size) + 1.0f);
  far = x < 0 ? 0.0f - far : far;
  return size < 0.625f ? near : far;
}

} // namespace moelora

#endif // MOELORA_EXECUTE_EXPONENTIAL_H
