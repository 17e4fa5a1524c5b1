// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sums of squared terms that Bound.h describes.

#include "Mlp.h"
#include "Sum.h"

#include "moelora/reference/Bound.h"

#include <algorithm>
#include <cmath>

namespace moelora::reference {

double unitOf(moelora_dtype type) {
  switch (type) {
  case MOELORA_BF16:
    return 0x1p-8;
  case MOELORA_F16:
    return 0x1p-11;
  default:
    return 0x1p-20;
  }
}

namespace {

double square(double x) { return x * x; }

Vector squares(Vector v) {
  for (double &x : v)
    x = square(x);
  return v;
}

/// weight^2 x2
Vector multiplySquares(const MatrixView &weight, const Vector &x2) {
  return sumRows(weight, x2, [](double w, double v2) { return w * w * v2; });
}

/// share * (weight^2 x2 + bias^2)
Vector baseTerms(const MatrixView &weight, const Vector &x2, const Vector &bias,
                 double share) {
  Vector out = multiplySquares(weight, x2);
  for (size_t r = 0; r < out.size(); ++r)
    out[r] = share * (out[r] + (bias.empty() ? 0 : square(bias[r])));
  return out;
}

/// Bounds the slope of the gate's function: silu and gelu never rise faster
/// than 1.13; the slope of a square grows with its argument.
double slope(const moelora_activation &activation, double gate) {
  return activation.function == MOELORA_RELU2 ? 2 * std::max(gate, 0.0) : 1.13;
}

/// Below the normal numbers an error stops shrinking with its value. Only f16
/// ends so early that it matters.
double smallestNormal(moelora_dtype type) {
  return type == MOELORA_F16 ? 0x1p-14 : 0;
}

/// Everything here is a square.
class BoundWalk {
public:
  explicit BoundWalk(const Token &token)
      : token(token), layer(token.problem.layer),
        type(static_cast<moelora_dtype>(layer.dtype)),
        x2(squares(token.hidden)),
        sumShare(square(unitOf(MOELORA_F32) / unitOf(type))) {}

  Vector output(const Routed &routed, const Vector &exact) const;
  /// E(logit)^2
  Vector logitError() const;

private:
  const Token &token;
  const moelora_layer &layer;
  moelora_dtype type;
  Vector x2;
  double sumShare; // k^2

  double atLeastTiny(double v2) const;
  void addDelta(Vector &out, size_t offset, const LoraPair *pair,
                const Vector &x, const Vector &x2) const;
  Vector gateUpError(const Mlp &mlp, int64_t expert) const;
  Vector activation(const Mlp &mlp, int64_t expert, Vector &values) const;
  Vector row(const Mlp &mlp, int64_t expert) const;
  double weightError() const;
  double scoreError() const;
};

double BoundWalk::atLeastTiny(double v2) const {
  return std::max(v2, square(smallestNormal(type)));
}

/// out[offset...] += B^2 u^2
void BoundWalk::addDelta(Vector &out, size_t offset, const LoraPair *pair,
                         const Vector &x, const Vector &x2) const {
  if (!pair)
    return;
  Vector terms = multiplySquares(pair->a, x2);
  Vector values = multiply(pair->a, x);
  for (size_t j = 0; j < terms.size(); ++j)
    terms[j] =
        atLeastTiny(square(pair->scale) * (terms[j] + square(values[j])));
  Vector delta = multiplySquares(pair->b, terms);
  for (size_t r = 0; r < delta.size(); ++r)
    out[offset + r] += delta[r];
}

/// E(g)^2, E(u)^2
Vector BoundWalk::gateUpError(const Mlp &mlp, int64_t expert) const {
  Vector error = baseTerms(token.weight(mlp.gateUp, expert), x2,
                           gateUpBias(token, mlp, expert), sumShare);
  size_t up = mlp.activation.gated ? error.size() / 2 : 0;
  if (mlp.activation.gated)
    addDelta(error, 0, token.pair(mlp.gatePair, expert), token.hidden, x2);
  addDelta(error, up, token.pair(mlp.upPair, expert), token.hidden, x2);
  return error;
}

/// a^2; `values` becomes the activation itself.
Vector BoundWalk::activation(const Mlp &mlp, int64_t expert,
                             Vector &values) const {
  const moelora_activation &activation = mlp.activation;
  Vector inputs = gateUp(token, mlp, expert);
  Vector error = gateUpError(mlp, expert);
  values = activate(activation, inputs, Rounding::exact());
  Vector out(values.size());
  for (size_t i = 0; i < out.size(); ++i) {
    double gate = inputs[i];
    double factor = 1, upTerm = 0;
    if (activation.gated) {
      factor =
          std::abs(inputs[out.size() + i]) + std::abs(activation.up_offset);
      upTerm = square(activateGate(activation, gate)) * error[out.size() + i];
    }
    out[i] = atLeastTiny(square(values[i])) +
             square(slope(activation, gate) * factor) * error[i] + upTerm;
  }
  return out;
}

/// y^2
Vector BoundWalk::row(const Mlp &mlp, int64_t expert) const {
  Vector a;
  Vector a2 = activation(mlp, expert, a);
  Vector out = baseTerms(token.weight(mlp.down, expert), a2,
                         downBias(token, mlp, expert), 1);
  addDelta(out, 0, token.pair(mlp.downPair, expert), a, a2);
  return out;
}

Vector BoundWalk::logitError() const {
  if (token.problem.entry != Entry::Everything)
    return Vector(layer.router.experts);
  Vector x = token.routerHidden();
  Vector error = baseTerms(
      token.weight(MOELORA_ROUTER_WEIGHT, 0), squares(x),
      token.bias(MOELORA_ROUTER_BIAS, 0, layer.router.experts), sumShare);
  addDelta(error, 0, token.pair(MOELORA_ROUTER, 0), x, squares(x));
  return error;
}

/// E_w^2
double BoundWalk::weightError() const {
  Vector error = logitError();
  return 4 * *std::max_element(error.begin(), error.end());
}

/// E_sigma^2
double BoundWalk::scoreError() const {
  if (!layer.shared_score)
    return 0;
  Vector error =
      baseTerms(token.weight(MOELORA_SHARED_SCORE_WEIGHT, 0), x2, {}, sumShare);
  addDelta(error, 0, token.pair(MOELORA_SHARED_SCORE, 0), token.hidden, x2);
  return error[0];
}

void addScaled(Vector &out, const Vector &row, double factor) {
  for (size_t h = 0; h < out.size(); ++h)
    out[h] += factor * row[h];
}

Vector BoundWalk::output(const Routed &routed, const Vector &exact) const {
  Vector out = squares(exact);
  for (double &v : out)
    v = atLeastTiny(v);
  double routing = square(layer.routed_scale) * (1 + weightError());
  for (size_t j = 0; j < routed.ids.size(); ++j)
    if (!isDropped(layer, routed.ids[j]))
      addScaled(out, row(routedMlp(layer), routed.ids[j]),
                routing * square(routed.weights[j]));
  if (layer.shared)
    addScaled(out, row(sharedMlp(layer), 0),
              square(sharedScore(token)) * (1 + scoreError()));
  return out;
}

/// Whether the choice stands when every logit moves against it as far as a
/// right machine's may: the chosen down, the others up.
bool isDecided(const Token &token, const Vector &logitError2,
               const Routed &routed) {
  if (token.problem.entry == Entry::FromIds)
    return true;
  auto type = static_cast<moelora_dtype>(token.problem.layer.dtype);
  Vector logits = logitsOf(token);
  for (size_t e = 0; e < logits.size(); ++e) {
    // Scores are computed in f32 even where logits are given.
    double reach = boundConstant * unitOf(type) * std::sqrt(logitError2[e]) +
                   unitOf(MOELORA_F32) * (1 + std::abs(logits[e]));
    bool chosen = std::count(routed.ids.begin(), routed.ids.end(), e) > 0;
    logits[e] += chosen ? -reach : reach;
  }
  std::vector<int32_t> before = routed.ids;
  std::vector<int32_t> after = routeLogits(token, logits).ids;
  std::sort(before.begin(), before.end());
  std::sort(after.begin(), after.end());
  return before == after;
}

} // namespace

Tolerance toleranceOf(const Problem &problem, int64_t index,
                      const Routed &routed, const Vector &output) {
  Problem exact = problem;
  exact.rounding = Rounding::exact();
  Token token(exact, index);
  BoundWalk walk(token);
  Tolerance tolerance = {walk.output(routed, output),
                         isDecided(token, walk.logitError(), routed)};
  double unit = unitOf(static_cast<moelora_dtype>(problem.layer.dtype));
  for (double &b : tolerance.bound)
    b = boundConstant * unit * std::sqrt(b);
  return tolerance;
}

} // namespace moelora::reference
