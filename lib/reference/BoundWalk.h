// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The errors that Bound.h describes, followed through a layer: squares, in
// units of the layer's type.
#ifndef MOELORA_LIB_REFERENCE_BOUNDWALK_H
#define MOELORA_LIB_REFERENCE_BOUNDWALK_H

#include "Mlp.h"

namespace moelora::reference {

/// A row that is read: exact values, and the squares of their errors.
struct Row {
  Vector values, error2;

  /// What a rounding of the factors that it meets is proportional to.
  Vector squares() const;
};

class BoundWalk {
public:
  /// The token's problem must be exact.
  explicit BoundWalk(const Token &token);

  /// Of each element of the output.
  Vector output(const Routed &routed, const Vector &exact) const;
  /// Of each logit.
  Vector logitError() const;
  /// Of each choice's weight.
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
  /// An exact row that is stored in the layer's type.
  Row rounded(Vector values, Vector error2) const;
  void addDelta(Vector &out, size_t offset, const LoraPair *pair,
                const Row &x) const;
  Vector base(const MatrixView &weight, const Vector &bias, const Row &x) const;
  Vector linear(const Linear &linear, const Row &x, int64_t expert = 0) const;
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
