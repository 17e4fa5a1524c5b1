/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Conversion between the element types of files and pages, with one rounding.
 *
 * Values are read exactly (f64 stays f64) and rounded once, to nearest even,
 * to the type they are stored as.
 */
#ifndef MOELORA_RUNTIME_CONVERT_H
#define MOELORA_RUNTIME_CONVERT_H

#include "moelora/runtime/Layer.h"

#include <cstdint>
#include <cstring>
#include <type_traits>

namespace moelora {

struct F16 {
  uint16_t bits;
};
struct BF16 {
  uint16_t bits;
};

template <typename To, typename From> To bitsOf(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

inline float widen(float value) { return value; }
inline double widen(double value) { return value; }
inline float widen(BF16 value) {
  return bitsOf<float>(static_cast<uint32_t>(value.bits) << 16);
}
inline float widen(F16 value) {
  uint32_t sign = static_cast<uint32_t>(value.bits & 0x8000) << 16;
  uint32_t rest = static_cast<uint32_t>(value.bits & 0x7fff) << 13;
  if (rest >= 0x0f800000) // infinity and NaN: the exponent is all ones
    return bitsOf<float>(sign | 0x70000000 | rest);
  // Reading the exponent with the wrong bias and scaling by 2^112 also makes
  // subnormal numbers right.
  return bitsOf<float>(sign | bitsOf<uint32_t>(bitsOf<float>(rest) * 0x1p112f));
}

/// f64 -> f32 with the last bit set if any bit is lost (rounding to odd), so
/// that a second rounding to a shorter type has the result of a single
/// rounding.
inline float toOdd(double value) {
  float near = static_cast<float>(value);
  double back = near;
  if (back == value || value != value)
    return near;
  uint32_t bits = bitsOf<uint32_t>(near);
  if (bits & 1)
    return near;
  bool away = (back > value) == (value > 0); // `near` is further from zero
  return bitsOf<float>(away ? bits - 1 : bits + 1);
}
inline float toOdd(float value) { return value; }

template <typename To> To narrow(float value);
template <> inline float narrow<float>(float value) { return value; }
template <> inline BF16 narrow<BF16>(float value) {
  uint32_t bits = bitsOf<uint32_t>(value);
  uint32_t rounded = bits + 0x7fff + ((bits >> 16) & 1);
  // A NaN must not round to infinity: keep it and make it quiet.
  uint32_t result =
      (bits & 0x7fffffff) > 0x7f800000 ? bits | 0x400000 : rounded;
  return {static_cast<uint16_t>(result >> 16)};
}
template <> inline F16 narrow<F16>(float value) {
  uint32_t bits = bitsOf<uint32_t>(value);
  uint16_t sign = (bits >> 16) & 0x8000;
  uint32_t magnitude = bits & 0x7fffffff;
  uint32_t result;
  if (magnitude > 0x7f800000) // NaN
    result = 0x7e00;
  else if (magnitude >= 0x47800000) // 2^16 and above
    result = 0x7c00;
  else if (magnitude < 0x38800000) // below 2^-14: subnormal, units of 2^-24;
    // adding 1/2 puts that unit where f32 has its last bit
    result = bitsOf<uint32_t>(bitsOf<float>(magnitude) + 0.5f) - 0x3f000000;
  else // rebias the exponent by 112, round 13 bits away
    result = (magnitude - 0x38000000 + 0xfff + ((magnitude >> 13) & 1)) >> 13;
  return {static_cast<uint16_t>(sign | result)};
}

/// One rounding from any file type to any page type.
template <typename To, typename From> To convert(From from) {
  if constexpr (std::is_same_v<To, From>)
    return from;
  else if constexpr (sizeof(To) == sizeof(float))
    return static_cast<To>(widen(from));
  else
    return narrow<To>(toOdd(widen(from)));
}

/// Calls `visit` with the elements of a tensor in their C++ type. `dtype` is a
/// moelora_dtype; files use the same numbers.
template <typename Visit>
void asFileType(const void *bytes, int32_t dtype, Visit visit) {
  switch (dtype) {
  case MOELORA_F32:
    return visit(static_cast<const float *>(bytes));
  case MOELORA_F16:
    return visit(static_cast<const F16 *>(bytes));
  case MOELORA_BF16:
    return visit(static_cast<const BF16 *>(bytes));
  case MOELORA_F64:
    return visit(static_cast<const double *>(bytes));
  }
}

} // namespace moelora

#endif // MOELORA_RUNTIME_CONVERT_H
