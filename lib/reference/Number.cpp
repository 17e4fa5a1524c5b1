// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Element types: widths, exact loads, correctly rounded stores.

#include "moelora/reference/Number.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace moelora::reference {

namespace {

/// A binary format: values are m * 2^(e - fraction), |m| < 2^(fraction + 1).
struct Format {
  int fraction;    // explicit fraction bits
  int minExponent; // of the smallest normal number
  double largest;
};

constexpr Format half = {10, -14, 65504.0};
constexpr Format brain = {7, -126, 0x1.fep127};

template <typename To, typename From> To bitCast(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof(to));
  return to;
}

/// Rounds to multiples of the format's unit at `v`: adding and subtracting 1.5
/// * 2^52 units removes fractions of a unit.
double roundToFormat(const Format &format, double v) {
  if (!std::isfinite(v) || v == 0)
    return v;
  int exponent = std::max(std::ilogb(v), format.minExponent);
  double magic = std::ldexp(1.5, exponent - format.fraction + 52);
  double r = std::copysign((v + magic) - magic, v);
  return std::abs(r) <= format.largest
             ? r
             : std::copysign(std::numeric_limits<double>::infinity(), v);
}

/// `v` is a value of the format already.
uint16_t halfBits(double v) {
  uint16_t sign = std::signbit(v) ? 0x8000 : 0;
  if (std::isnan(v))
    return 0x7e00;
  if (std::isinf(v))
    return sign | 0x7c00;
  double magnitude = std::abs(v);
  if (magnitude < 0x1p-14) // subnormal: units of 2^-24
    return sign | static_cast<uint16_t>(magnitude * 0x1p24);
  int exponent = std::ilogb(magnitude);
  auto fraction = static_cast<int>(std::ldexp(magnitude, 10 - exponent)) & 1023;
  return sign | static_cast<uint16_t>((exponent + 15) << 10 | fraction);
}

/// `v` is a value of the format already.
uint16_t brainBits(double v) {
  if (std::isnan(
          v)) // a NaN's payload may be in the lower half, which is removed
    return 0x7fc0;
  return bitCast<uint32_t>(static_cast<float>(v)) >> 16;
}

} // namespace

size_t bytesOf(moelora_dtype type) {
  switch (type) {
  case MOELORA_F16:
  case MOELORA_BF16:
    return 2;
  case MOELORA_F32:
    return 4;
  case MOELORA_F64:
    return 8;
  default:
    return 0;
  }
}

double loadHalf(uint16_t bits) {
  int exponent = (bits >> 10) & 31;
  double fraction = bits & 1023;
  double v = exponent == 0 ? std::ldexp(fraction, -24)
                           : std::ldexp(1024 + fraction, exponent - 25);
  if (exponent == 31)
    v = fraction ? std::numeric_limits<double>::quiet_NaN()
                 : std::numeric_limits<double>::infinity();
  return bits & 0x8000 ? -v : v;
}

double roundTo(moelora_dtype type, double value) {
  switch (type) {
  case MOELORA_F32:
    return static_cast<float>(value);
  case MOELORA_F16:
    return roundToFormat(half, value);
  case MOELORA_BF16:
    return roundToFormat(brain, value);
  case MOELORA_F64:
    return value;
  default:
    return std::numeric_limits<double>::quiet_NaN();
  }
}

void store(moelora_dtype type, void *data, int64_t index, double value) {
  double rounded = roundTo(type, value);
  switch (type) {
  case MOELORA_F32:
    static_cast<float *>(data)[index] = static_cast<float>(rounded);
    return;
  case MOELORA_F16:
    static_cast<uint16_t *>(data)[index] = halfBits(rounded);
    return;
  case MOELORA_BF16:
    static_cast<uint16_t *>(data)[index] = brainBits(rounded);
    return;
  case MOELORA_F64:
    static_cast<double *>(data)[index] = rounded;
    return;
  default:
    return;
  }
}

Rounding Rounding::rounded(moelora_dtype layer, moelora_dtype adapter) {
  Rounding rounding;
  rounding.accumulatorType = MOELORA_F32;
  rounding.valueType = layer;
  rounding.shrunkType = adapter;
  return rounding;
}

} // namespace moelora::reference
