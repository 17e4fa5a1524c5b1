// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Conversion between stored elements and doubles. Storing a value rounds it
// once, to nearest, ties to even.
#ifndef MOELORA_REFERENCE_NUMBER_H
#define MOELORA_REFERENCE_NUMBER_H

#include "moelora/runtime/Layer.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace moelora::reference {

size_t bytesOf(moelora_dtype type);

double loadHalf(uint16_t bits);

/// bf16 is the upper half of an f32.
inline double loadBrain(uint16_t bits) {
  uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value;
  std::memcpy(&value, &wide, sizeof(value));
  return value;
}

/// The exact value of element `index` of an array of `type`. Inline, because
/// the inner loops of whole layers call it.
inline double load(moelora_dtype type, const void *data, int64_t index) {
  switch (type) {
  case MOELORA_F32:
    return static_cast<const float *>(data)[index];
  case MOELORA_F16:
    return loadHalf(static_cast<const uint16_t *>(data)[index]);
  case MOELORA_BF16:
    return loadBrain(static_cast<const uint16_t *>(data)[index]);
  default: // f64
    return static_cast<const double *>(data)[index];
  }
}

/// The nearest value of `type`, itself a double.
double roundTo(moelora_dtype type, double value);

/// Stores roundTo(type, value).
void store(moelora_dtype type, void *data, int64_t index, double value);

/// Where the values of a layer are rounded. `exact()` rounds nowhere.
/// `rounded(layer, adapter)` rounds every value to its element type: f32 for
/// accumulators, logits and router weights, the adapter's type for the scaled A
/// x, and the layer's type for activations and the output. Sums are computed in
/// f64 and rounded once, so compiled code differs only by the order in which it
/// adds f32 numbers.
class Rounding {
public:
  static Rounding exact() { return {}; }
  static Rounding rounded(moelora_dtype layer, moelora_dtype adapter);

  double accumulator(double v) const { return roundTo(accumulatorType, v); }
  double value(double v) const { return roundTo(valueType, v); }
  double shrunk(double v) const { return roundTo(shrunkType, v); }
  /// Where a layer yields a part of a sum: as an accumulator.
  Rounding ofPartialSums() const {
    Rounding result = *this;
    result.valueType = accumulatorType;
    return result;
  }

private:
  moelora_dtype accumulatorType = MOELORA_F64;
  moelora_dtype valueType = MOELORA_F64;
  moelora_dtype shrunkType = MOELORA_F64;
};

} // namespace moelora::reference

#endif // MOELORA_REFERENCE_NUMBER_H
