// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ops that compute with rows.

#include "Sum.h"

#include "moelora/reference/Ops.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace moelora::reference {

int32_t resolveSlot(int32_t id, const std::vector<uint64_t> &words,
                    int indexBits) {
  constexpr int addressBits = MOELORA_WORD_ADDRESS_BITS;
  uint64_t index = uint64_t(id) & ((uint64_t(1) << indexBits) - 1);
  if (id < 0 || index >= words.size())
    return -1;
  uint64_t generation = uint64_t(id) >> indexBits;
  uint64_t word = words[index];
  bool published = (word << (64 - addressBits)) != 0;
  return published && word >> addressBits == generation ? int32_t(index) : -1;
}

Vector multiply(const MatrixView &weight, const Vector &x) {
  return sumRows(weight, x, [](double w, double v) { return w * v; });
}

Vector expertGemm(const MatrixView &weight, const Vector &x, const Vector &bias,
                  const Rounding &rounding) {
  Vector out = multiply(weight, x);
  for (size_t r = 0; r < out.size(); ++r)
    out[r] = rounding.accumulator(bias.empty() ? out[r] : out[r] + bias[r]);
  return out;
}

/// Adds the delta to accumulator[offset...].
static void addDelta(Vector &accumulator, size_t offset, const LoraPair *pair,
                     const Vector &x, const Rounding &rounding) {
  if (!pair)
    return;
  Vector shrunk = multiply(pair->a, x);
  for (double &u : shrunk)
    u = rounding.shrunk(pair->scale * u);
  Vector delta = multiply(pair->b, shrunk);
  for (size_t r = 0; r < delta.size(); ++r)
    accumulator[offset + r] =
        rounding.accumulator(accumulator[offset + r] + delta[r]);
}

Vector loraDelta(Vector accumulator, const LoraPair *pair, const Vector &x,
                 const Rounding &rounding) {
  addDelta(accumulator, 0, pair, x, rounding);
  return accumulator;
}

Vector loraDelta(Vector accumulator, const LoraPair *gate, const LoraPair *up,
                 const Vector &x, const Rounding &rounding) {
  addDelta(accumulator, 0, gate, x, rounding);
  addDelta(accumulator, accumulator.size() / 2, up, x, rounding);
  return accumulator;
}

namespace {

double gelu(double x) { return x * (1 + std::erf(x / std::sqrt(2.0))) / 2; }

double geluTanh(double x) {
  constexpr double sqrtTwoOverPi = 0.79788456080286535588;
  return x * (1 + std::tanh(sqrtTwoOverPi * (x + 0.044715 * x * x * x))) / 2;
}

/// cap * tanh(x / cap), or x if cap is 0.
double softCap(double x, double cap) {
  return cap > 0 ? cap * std::tanh(x / cap) : x;
}

double function(const moelora_activation &activation, double x) {
  switch (activation.function) {
  case MOELORA_SILU:
    return softCap(x, activation.gate_cap) /
           (1 + std::exp(-activation.alpha * x));
  case MOELORA_GELU_TANH:
    return geluTanh(x);
  case MOELORA_GELU:
    return gelu(x);
  case MOELORA_RELU2:
    return x < 0 ? 0 : x * x; // NaN stays NaN
  }
  return x;
}

/// min and clip that propagate NaN.
double atMost(double x, double limit) { return x > limit ? limit : x; }
double within(double x, double limit) {
  return x < -limit ? -limit : atMost(x, limit);
}

} // namespace

double activateGate(const moelora_activation &activation, double gate) {
  double max = activation.gate_max;
  if (activation.clamp == MOELORA_CLAMP_PRE)
    return function(activation, atMost(gate, max));
  double f = function(activation, gate);
  return activation.clamp == MOELORA_CLAMP_POST ? atMost(f, max) : f;
}

double activateUp(const moelora_activation &activation, double up) {
  if (activation.clamp != MOELORA_CLAMP_NONE)
    up = within(up, activation.up_limit);
  return softCap(up, activation.up_cap) + activation.up_offset;
}

Vector activate(const moelora_activation &activation, const Vector &accumulator,
                const Rounding &rounding) {
  size_t width = accumulator.size() / (activation.gated ? 2 : 1);
  Vector out(width);
  for (size_t i = 0; i < width; ++i) {
    double f = activateGate(activation, accumulator[i]);
    double up =
        activation.gated ? activateUp(activation, accumulator[width + i]) : 1;
    out[i] = rounding.value(f * up);
  }
  return out;
}

double sharedFactor(double scale, const double *score,
                    const Rounding &rounding) {
  return score ? rounding.accumulator(scale / (1 + std::exp(-*score))) : scale;
}

/// The choices in ascending order of their ids.
static std::vector<size_t> byId(const Routed &routed) {
  std::vector<size_t> order(routed.ids.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::pair(routed.ids[a], a) < std::pair(routed.ids[b], b);
  });
  return order;
}

double identityWeight(const Routed &routed, int32_t first, int32_t end,
                      const Rounding &rounding) {
  double sum = 0;
  for (size_t j : byId(routed))
    if (routed.ids[j] >= first && routed.ids[j] < end)
      sum += routed.weights[j];
  return rounding.accumulator(sum);
}

Vector combine(const Terms &terms, const Routed &routed, int64_t width,
               const Rounding &rounding) {
  Vector out(width);
  for (size_t j : byId(routed))
    for (size_t h = 0; h < terms.rows[j].size(); ++h)
      out[h] += routed.weights[j] * terms.rows[j][h];
  for (size_t h = 0; h < terms.identity.size(); ++h)
    out[h] += terms.identity[h];
  for (double &v : out)
    v *= terms.routedScale;
  for (size_t h = 0; h < terms.shared.size(); ++h)
    out[h] += terms.shared[h];
  for (double &v : out)
    v = rounding.value(v);
  return out;
}

Vector reduce(const std::vector<Vector> &partial, const Rounding &rounding) {
  Vector out(partial.front().size());
  for (const Vector &row : partial)
    for (size_t h = 0; h < out.size(); ++h)
      out[h] += row[h];
  for (double &v : out)
    v = rounding.accumulator(v);
  return out;
}

Vector finish(Vector sum, const Vector &identity, double scale,
              const Rounding &rounding) {
  for (size_t h = 0; h < identity.size(); ++h)
    sum[h] += scale * identity[h];
  for (double &v : sum)
    v = rounding.value(v);
  return sum;
}

Vector rmsNorm(const moelora_norm &norm, const Vector &x,
               const Vector &weight) {
  double sum = 0;
  for (double v : x)
    sum += v * v;
  double factor = norm.scale / std::sqrt(sum / double(x.size()) + norm.epsilon);
  Vector out = x;
  for (size_t h = 0; h < out.size(); ++h)
    out[h] *= factor * (weight.empty() ? 1 : weight[h]);
  return out;
}

} // namespace moelora::reference
