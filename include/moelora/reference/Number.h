// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Element types as numbers: what a stored element is worth, and what a value
// becomes when it is stored. Rounding is to nearest, ties to even, once.
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

/// Element `index` of an array of `type`, exactly. Inline, because the inner
/// loops of whole layers are made of it.
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

/// Where values are rounded on their way through a layer. `exact()` nowhere.
/// `rounded(layer, adapter)` gives every value its element type: accumulators,
/// logits and router weights are f32, A x scaled is the adapter's, activations
/// and the output are the layer's. Sums run in f64 and are rounded once, so
/// what differs from a machine is only its order of adding f32 numbers.
class Rounding {
public:
  static Rounding exact() { return {}; }
  static Rounding rounded(moelora_dtype layer, moelora_dtype adapter);

  double accumulator(double v) const { return roundTo(accumulatorType, v); }
  double value(double v) const { return roundTo(valueType, v); }
  double shrunk(double v) const { return roundTo(shrunkType, v); }

private:
  moelora_dtype accumulatorType = MOELORA_F64;
  moelora_dtype valueType = MOELORA_F64;
  moelora_dtype shrunkType = MOELORA_F64;
};

} // namespace moelora::reference

#endif // MOELORA_REFERENCE_NUMBER_H
