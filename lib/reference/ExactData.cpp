// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Propagates ranges of numbers through a layer.

#include "moelora/reference/ExactData.h"

#include <algorithm>
#include <cmath>

namespace moelora::reference {

namespace {

// If the gate is limited to small values, up may be large.
constexpr float gateMax = 3, upLimit = 1000;

moelora_activation exactActivation(moelora_activation activation) {
  activation.function = MOELORA_RELU2;
  activation.alpha = 1;
  activation.gate_cap = activation.up_cap = 0;
  if (activation.clamp != MOELORA_CLAMP_NONE) {
    activation.gate_max = gateMax;
    activation.up_limit = upLimit;
  }
  return activation;
}

/// The largest power of two that a number is a multiple of.
double gridOf(double number) {
  double grid = 1;
  while (std::fmod(number, grid) != 0)
    grid /= 2;
  return grid;
}

/// Numbers up to some size, all of them multiples of a power of two.
struct Range {
  double largest, grid;
};

Range operator+(Range a, Range b) {
  return {a.largest + b.largest, std::min(a.grid, b.grid)};
}
Range operator*(Range a, Range b) {
  return {a.largest * b.largest, a.grid * b.grid};
}
Range operator*(double factor, Range a) {
  return Range{factor, gridOf(factor)} * a;
}
Range atMost(Range a, double limit) {
  return {std::min(a.largest, limit), a.grid};
}

/// Propagates the range of numbers through a layer.
class Growth {
public:
  Growth(const moelora_layer &layer, const ExactSizes &sizes)
      : layer(layer), sizes(sizes) {}

  bool isExact() {
    Range x = {double(sizes.hidden) * sizes.unit, sizes.unit};
    Range sum =
        layer.latent ? linear(stored(routed(stored(linear(x))))) : routed(x);
    if (layer.shared)
      sum = sum + layer.shared_scale * mlp(layer.shared_activation, x, 1);
    stored(summed(sum));
    return exact;
  }

private:
  /// A number in f32, or one of those that led to it.
  Range summed(Range v) {
    exact &= v.largest <= 0x1p24 * v.grid;
    return v;
  }

  /// Rounding to eight bits moves a number by at most this factor.
  Range stored(Range v) {
    v.largest *= 1 + 0x1p-8;
    exact &=
        layer.dtype != MOELORA_F16 || (v.largest <= 65504 && v.grid >= 0x1p-24);
    return v;
  }

  Range linear(Range v) {
    Range u = stored(summed(double(sizes.scale * sizes.a) * v));
    return summed(double(sizes.weight) * v + double(sizes.b) * u +
                  Range{double(sizes.bias), 1});
  }

  Range activation(const moelora_activation &function, Range h) {
    double most = function.gate_max;
    bool before = function.clamp == MOELORA_CLAMP_PRE;
    Range gate = before ? atMost(h, most) : h;
    gate = summed(gate * gate);
    if (function.clamp == MOELORA_CLAMP_POST)
      gate = atMost(gate, most);
    if (!function.gated)
      return stored(gate);
    Range up = function.clamp ? atMost(h, function.up_limit) : h;
    return stored(summed(gate * (up + Range{function.up_offset, 1})));
  }

  Range mlp(const moelora_activation &function, Range v, double weight) {
    return linear(activation(function, summed(weight * linear(v))));
  }

  Range routed(Range v) {
    double choice = double(sizes.choice), k = layer.router.top_k;
    Range sum = layer.weight_on_input
                    ? k * mlp(layer.activation, v, choice)
                    : k * choice * mlp(layer.activation, v, 1);
    if (layer.zero_experts)
      sum = sum + k * choice * v;
    return summed(double(layer.routed_scale) * summed(sum));
  }

  const moelora_layer &layer;
  const ExactSizes &sizes;
  bool exact = true;
};

/// The smallest sizes with which a scale and a delta have an effect.
constexpr ExactSizes least = {1, 1, 1, 1, 1, 1, 1, 1};

} // namespace

moelora_layer exactLayer(moelora_layer layer) {
  layer.activation = exactActivation(layer.activation);
  layer.shared_activation = exactActivation(layer.shared_activation);
  layer.shared_score = 0;
  layer.router_norm = layer.output_norm = {};
  return layer;
}

bool areExact(const moelora_layer &layer, const ExactSizes &sizes) {
  return Growth(layer, sizes).isExact();
}

ExactSizes exactSizes(const moelora_layer &layer, const RandomBits &bits) {
  auto upTo = [&](int64_t most) { return 1 + int64_t(bits() % most); };
  // Two steps, also in B, so that sums of rounded values are rounded again, and
  // an odd scale, so that rounding before and after it gives different results.
  // Small factors allow large hidden states.
  constexpr int tries = 20;
  for (int i = 0; i < tries; ++i) {
    ExactSizes sizes = {0, 1, 1 + upTo(2), 2, upTo(2), 3, 1, upTo(3)};
    // Exact values in bf16 are below 2^8. Only f16 has a small range above
    // that.
    for (sizes.hidden = 255; sizes.hidden > 0; sizes.hidden /= 2)
      for (sizes.unit = 1; sizes.unit > 0x1p-8; sizes.unit /= 2)
        if (areExact(layer, sizes))
          return sizes;
  }
  return least;
}

double exactNumber(int64_t size, const RandomBits &bits) {
  return double(int64_t(bits() % uint64_t(2 * size + 1)) - size);
}

Vector exactRow(int64_t columns, int64_t steps, const RandomBits &bits) {
  Vector row(columns);
  for (int64_t step = 0; step < steps; ++step) {
    uint64_t random = bits();
    row[(random >> 1) % uint64_t(columns)] += random & 1 ? 1 : -1;
  }
  return row;
}

} // namespace moelora::reference
