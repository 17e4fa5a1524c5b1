// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Activations by their usual names.
#ifndef MOELORA_LIB_MODELS_ACTIVATIONS_H
#define MOELORA_LIB_MODELS_ACTIVATIONS_H

#include "moelora/runtime/Layer.h"

namespace moelora::models {

/// silu(gate) * up
constexpr moelora_activation siluMul() {
  moelora_activation a = {};
  a.function = MOELORA_SILU;
  a.gated = 1;
  a.alpha = 1;
  return a;
}

constexpr moelora_activation geluTanhMul() {
  moelora_activation a = siluMul();
  a.function = MOELORA_GELU_TANH;
  return a;
}

/// max(up, 0)^2
constexpr moelora_activation relu2() {
  moelora_activation a = {};
  a.function = MOELORA_RELU2;
  a.alpha = 1;
  return a;
}

/// silu(gate) * up, limited before or after the function.
constexpr moelora_activation limited(moelora_clamp clamp) {
  moelora_activation a = siluMul();
  a.clamp = clamp;
  return a;
}

/// gate * sigmoid(alpha gate) * (up + 1), limited before
constexpr moelora_activation swigluOai() {
  moelora_activation a = limited(MOELORA_CLAMP_PRE);
  a.up_offset = 1;
  return a;
}

} // namespace moelora::models

#endif // MOELORA_LIB_MODELS_ACTIVATIONS_H
