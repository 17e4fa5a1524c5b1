// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sums of squared terms that Bound.h describes.

#include "BoundWalk.h"
#include "Sum.h"

#include "moelora/reference/Bound.h"

#include <algorithm>
#include <cmath>

namespace moelora::reference {

namespace {

double square(double x) { return x * x; }

/// weight^2 x2
Vector multiplySquares(const MatrixView &weight, const Vector &x2) {
  return sumRows(weight, x2, [](double w, double v2) { return w * w * v2; });
}

/// A bound of the slope of the gate's function: that of silu and gelu is at
/// most 1.13, a soft cap only reduces it, and that of a square increases with
/// its argument.
double slope(const moelora_activation &activation, double gate) {
  return activation.function == MOELORA_RELU2 ? 2 * std::max(gate, 0.0) : 1.13;
}

/// Below the normal numbers an error does not decrease with its value. This
/// matters only for f16.
double smallestNormal(moelora_dtype type) {
  return type == MOELORA_F16 ? 0x1p-14 : 0;
}

/// The router without rounding, so that small changes have an effect.
moelora_router smooth(moelora_router router) {
  router.logit_type = router.score_type = router.weight_type = 0;
  return router;
}

/// The rounding error of a stage's type in units of the layer's type, or 0 if
/// the model does not round.
double unitsOf(int32_t stage, moelora_dtype layer) {
  return stage ? unitOf(moelora_dtype(stage)) / unitOf(layer) : 0;
}

void addScaled(Vector &out, const Vector &row, double factor) {
  for (size_t h = 0; h < out.size(); ++h)
    out[h] += factor * row[h];
}

void addSquares(Vector &out, const Vector &row, double factor) {
  for (size_t h = 0; h < out.size(); ++h)
    out[h] += factor * square(row[h]);
}

} // namespace

Vector Row::squares() const {
  Vector out = error2;
  addSquares(out, values, 1);
  return out;
}

BoundWalk::BoundWalk(const Token &token)
    : token(token), layer(token.problem.layer),
      type(static_cast<moelora_dtype>(layer.dtype)),
      hidden{token.hidden, Vector(token.hidden.size())},
      functionShare(square(unitOf(MOELORA_F32) / unitOf(type))),
      tiny(square(smallestNormal(type))) {}

double BoundWalk::sumShare(size_t products) const {
  return square(sumUnit(int64_t(products)) / unitOf(type));
}

Row BoundWalk::rounded(Vector values, Vector error2) const {
  for (size_t i = 0; i < values.size(); ++i)
    error2[i] += std::max(square(values[i]), tiny);
  return {std::move(values), std::move(error2)};
}

/// out[offset...] += (1 + k^2) B^2 u^2
void BoundWalk::addDelta(Vector &out, size_t offset, const LoraPair *pair,
                         const Row &x) const {
  if (!pair)
    return;
  double ofA = 1 + sumShare(x.values.size());
  double ofB = 1 + sumShare(size_t(pair->rank()));
  Vector terms = multiplySquares(pair->a, x.squares());
  Vector values = multiply(pair->a, x.values);
  for (size_t j = 0; j < terms.size(); ++j)
    terms[j] = ofB * std::max(square(pair->scale) *
                                  (ofA * terms[j] + square(values[j])),
                              tiny);
  Vector delta = multiplySquares(pair->b, terms);
  for (size_t r = 0; r < delta.size(); ++r)
    out[offset + r] += delta[r];
}

/// k^2 (W^2 x^2 + b^2) + W^2 E(x)^2
Vector BoundWalk::base(const MatrixView &weight, const Vector &bias,
                       const Row &x) const {
  Vector terms = x.error2;
  double share = sumShare(x.values.size());
  for (size_t c = 0; c < terms.size(); ++c)
    terms[c] += share * square(x.values[c]);
  Vector out = multiplySquares(weight, terms);
  for (size_t r = 0; r < bias.size(); ++r)
    out[r] += share * square(bias[r]);
  return out;
}

Vector BoundWalk::linear(const Linear &linear, const Row &x,
                         int64_t expert) const {
  Vector out = base(token.weight(linear.weight, expert),
                    token.vector(linear.bias, expert), x);
  addDelta(out, 0, token.pair(linear.pair, expert), x);
  return out;
}

/// Each rank along tp rounds the u of its columns.
Vector BoundWalk::down(const Linear &linear, const Row &x,
                       int64_t expert) const {
  Vector out = base(token.weight(linear.weight, expert),
                    token.vector(linear.bias, expert), x);
  const LoraPair *pair = token.pair(linear.pair, expert);
  int64_t parts = pair ? token.problem.ranks.tp : 0;
  auto columns = ptrdiff_t(x.values.size()) / std::max<int64_t>(parts, 1);
  for (int64_t part = 0; part < parts; ++part) {
    auto own = [&](const Vector &row) {
      auto first = row.begin() + part * columns;
      return Vector(first, first + columns);
    };
    LoraPair delta = *pair;
    delta.a = pair->a.columnsOf(part, parts);
    addDelta(out, 0, &delta, {own(x.values), own(x.error2)});
  }
  return out;
}

/// The rows that routed experts read.
Row BoundWalk::expertInputRow() const {
  return layer.latent ? rounded(expertInput(token), linear(latentIn, hidden))
                      : hidden;
}

/// E(g)^2, E(u)^2
Vector BoundWalk::gateUpError(const Mlp &mlp, int64_t expert,
                              const Row &x) const {
  Vector error = base(token.weight(mlp.gateUp, expert),
                      token.vector(mlp.gateUpBias, expert), x);
  size_t up = mlp.activation.gated ? error.size() / 2 : 0;
  if (mlp.activation.gated)
    addDelta(error, 0, token.pair(mlp.gatePair, expert), x);
  addDelta(error, up, token.pair(mlp.upPair, expert), x);
  return error;
}

/// A weight on the input scales values and their errors, and adds its own
/// error.
Row BoundWalk::activation(const Mlp &mlp, int64_t expert, const Row &x,
                          const MlpInput &input, double weightError2) const {
  const moelora_activation &function = mlp.activation;
  Vector inputs = gateUp(token, mlp, expert, input);
  Vector plain = gateUp(token, mlp, expert, {input.row});
  Vector error = gateUpError(mlp, expert, x);
  for (size_t i = 0; i < error.size(); ++i)
    error[i] =
        square(input.weight) * error[i] + weightError2 * square(plain[i]);
  Vector values = activate(function, inputs, Rounding::exact());
  Vector terms(values.size());
  for (size_t i = 0; i < terms.size(); ++i) {
    double gate = inputs[i];
    double up =
        function.gated ? activateUp(function, inputs[terms.size() + i]) : 1;
    terms[i] = square(slope(function, gate) * up) * error[i];
    if (function.gated)
      terms[i] +=
          square(activateGate(function, gate)) * error[terms.size() + i];
  }
  return rounded(std::move(values), std::move(terms));
}

/// k^2 in a logit's error, because the router computes in f32 even if the logit
/// is given.
Vector BoundWalk::logitError() const {
  Vector logits = logitsOf(token);
  Vector error(logits.size());
  if (token.problem.entry == Entry::Everything) {
    RouterRows rows = routerRows(token);
    Vector none(rows.base.size());
    bool normed = layer.router_norm.present;
    bool wide = !normed || layer.router_dtype == MOELORA_F32;
    error =
        base(token.weight(routerLinear.weight), token.vector(routerLinear.bias),
             wide ? Row{rows.base, none} : rounded(rows.base, none));
    addDelta(error, 0, token.pair(routerLinear.pair),
             normed ? rounded(rows.delta, none) : Row{rows.delta, none});
  }
  for (size_t e = 0; e < error.size(); ++e)
    error[e] += functionShare * square(1 + std::abs(logits[e]));
  return error;
}

/// Changes one logit after the other by its error, and computes the change of
/// the weights of these ids.
Vector BoundWalk::weightError(const Routed &routed) const {
  Vector error(routed.ids.size());
  if (token.problem.entry == Entry::FromIds)
    return error;
  moelora_router router = smooth(layer.router);
  Vector logits = logitsOf(token), logitError2 = logitError();
  Vector before = weightsOf(token, router, logits, routed.ids);
  double unit = unitOf(type);
  double logitUnit = unitsOf(layer.router.logit_type, type);
  for (size_t e = 0; e < logits.size(); ++e) {
    Vector moved = logits;
    moved[e] +=
        unit * std::sqrt(logitError2[e] + square(logitUnit * logits[e]));
    Vector after = weightsOf(token, router, moved, routed.ids);
    for (size_t j = 0; j < error.size(); ++j)
      error[j] += square((after[j] - before[j]) / unit);
  }
  double share = square(unitsOf(layer.router.score_type, type)) +
                 square(unitsOf(layer.router.weight_type, type));
  for (size_t j = 0; j < error.size(); ++j)
    error[j] += share * square(before[j]);
  return error;
}

/// E_sigma^2, relative to the score.
double BoundWalk::scoreError() const {
  return layer.shared_score ? linear(sharedScoreLinear, hidden)[0] : 0;
}

/// The errors of an expert's row, without those of its weight.
Row BoundWalk::expertRow(const Mlp &mlp, int64_t expert, const Row &x,
                         const MlpInput &input, double weightError2) const {
  Row a = activation(mlp, expert, x, input, weightError2);
  return {token.apply(mlp.down, a.values, expert), down(mlp.down, a, expert)};
}

/// The errors of the routed sum before it is rounded.
Vector BoundWalk::routedError(const Routed &routed) const {
  Row input = expertInputRow();
  Mlp mlp = routedMlp(layer);
  Vector out(input.values.size()), weightError2 = weightError(routed);
  for (size_t j = 0; j < routed.ids.size(); ++j) {
    int32_t e = routed.ids[j];
    double w = routed.weights[j];
    bool computed = isComputed(layer, e);
    if (!computed && !isIdentity(layer, e))
      continue;
    if (computed && layer.weight_on_input) {
      MlpInput weighted = {input.values, w};
      Row row = expertRow(mlp, e, input, weighted, weightError2[j]);
      addScaled(out, row.error2, 1);
      continue;
    }
    Row row = computed ? expertRow(mlp, e, input, {input.values}, 0) : input;
    addScaled(out, row.error2, square(w));
    addSquares(out, row.values, weightError2[j]);
  }
  for (double &v : out)
    v *= square(layer.routed_scale);
  return out;
}

Vector BoundWalk::sharedError() const {
  Row row = expertRow(sharedMlp(layer), 0, hidden, {hidden.values}, 0);
  Vector out = std::move(row.error2);
  addSquares(out, row.values, scoreError());
  for (double &v : out)
    v *= square(sharedFactor(token));
  return out;
}

/// The errors of the sum of routed and shared experts before it is rounded.
Vector BoundWalk::sumError(const Routed &routed) const {
  Vector out = routedError(routed);
  if (layer.latent)
    out = linear(latentOut, rounded(routedSum(token, routed), std::move(out)));
  if (layer.shared)
    addScaled(out, sharedError(), 1);
  return out;
}

/// The errors of out_i = c_i v_i / m, m^2 = mean(v^2) + epsilon, whose slopes
/// are c_i / m for v_i itself, and -c_i v_i v_h / (H m^3) for every v_h.
Vector BoundWalk::normError(const Row &sum) const {
  const Vector &v = sum.values, &error2 = sum.error2;
  Vector weight = token.vector(MOELORA_OUTPUT_NORM_WEIGHT);
  double width = double(v.size()), squares = 0, moved = 0;
  for (size_t h = 0; h < v.size(); ++h) {
    squares += square(v[h]);
    moved += square(v[h]) * error2[h];
  }
  double m2 = squares / width + layer.output_norm.epsilon;
  Vector out(v.size());
  for (size_t h = 0; h < v.size(); ++h)
    out[h] = square(layer.output_norm.scale * weight[h]) / m2 *
             (error2[h] + square(v[h] / (width * m2)) * moved);
  return out;
}

Vector BoundWalk::output(const Routed &routed, const Vector &exact) const {
  Vector error2 = sumError(routed);
  if (layer.output_norm.present)
    error2 = normError(rounded(sumRow(token, routed), std::move(error2)));
  return rounded(exact, std::move(error2)).error2;
}

} // namespace moelora::reference
