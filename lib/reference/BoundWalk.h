// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Propagates the errors that Bound.h describes through a layer, as squares in
// units of the layer's type.
#ifndef MOELORA_LIB_REFERENCE_BOUNDWALK_H
#define MOELORA_LIB_REFERENCE_BOUNDWALK_H

#include "Mlp.h"

namespace moelora::reference {

/// The rows of an operand: exact values, and the squares of their errors.
struct Row {
  Vector values, error2;

  /// The sum of squares to which the rounding of its factors is proportional.
  Vector squares() const;
};

class BoundWalk {
public:
  /// The problem of the token must be in the exact mode.
  explicit BoundWalk(const Token &token);

  /// The squared error of each element of the output.
  Vector output(const Routed &routed, const Vector &exact) const;
  /// The squared error of each logit.
  Vector logitError() const;
  /// The squared error of each choice's weight.
  Vector weightError(const Routed &routed) const;

private:
  const Token &token;
  const moelora_layer &layer;
  moelora_dtype type;
  Row hidden;
  double functionShare; // of f32 in a function, squared
  double tiny;

  /// k^2
  double sumShare(size_t products) const;
  /// An exact row in the layer's type.
  Row rounded(Vector values, Vector error2) const;
  void addDelta(Vector &out, size_t offset, const LoraPair *pair,
                const Row &x) const;
  Vector base(const MatrixView &weight, const Vector &bias, const Row &x) const;
  Vector linear(const Linear &linear, const Row &x, int64_t expert = 0) const;
  Vector down(const Linear &linear, const Row &x, int64_t expert) const;
  Row expertInputRow() const;
  Vector gateUpError(const Mlp &mlp, int64_t expert, const Row &x) const;
  Row activation(const Mlp &mlp, int64_t expert, const Row &x,
                 const MlpInput &input, double weightError2) const;
  Row expertRow(const Mlp &mlp, int64_t expert, const Row &x,
                const MlpInput &input, double weightError2) const;
  Vector routedError(const Routed &routed) const;
  Vector sharedError() const;
  Vector sumError(const Routed &routed) const;
  Vector normError(const Row &sum) const;
  double scoreError() const;
};

} // namespace moelora::reference

#endif // MOELORA_LIB_REFERENCE_BOUNDWALK_H
