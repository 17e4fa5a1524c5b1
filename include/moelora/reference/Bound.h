// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The error bound: how far a correct result may be from the exact one.
//
// Code that rounds only where it may (adapter weights and A x once, the
// activation once, rows on a latent projection once, the output once, sums in
// f32) has an error of a small multiple of
//
//   unit * (|base| + |delta|)
//
// where |base| + |delta| is computed from the terms of an output element and
// not from their sum, in which terms may cancel. Roundings are independent of
// each other, so their squares are added. A sum of absolute values would be
// larger by the square root of their number, and would hide mistakes. With
// squares of matrices and vectors taken element by element, and E(v)^2 the
// squared error of v in units:
//
//   E(W x + b)^2 = W^2 E(x)^2 + k^2 (W^2 x^2 + b^2)
//   E(delta)^2   = B^2 u^2,  u^2 = (s A)^2 (x^2 + E(x)^2) + (s A x)^2
//   E(a)^2       = a^2 + (F |u| E(g))^2 + (|f(g)| E(u))^2     F bounds |f'|
//   E(w)^2       = sum over e of (w(logits, e moved by E(l_e)) - w)^2
//   E(sum)^2     = scale^2 sum_j w_j^2 E(y_j)^2 + E(w_j)^2 y_j^2
//   E(out)^2     = out^2 + E(sum)^2 + sigma^2 (E(shared)^2
//                                              + E_sigma^2 shared^2)
//
// The error of a rounded row includes the square of its value, as for a, out
// and rows of latent_in, but not for the input x. k is the unit of an f32 sum
// divided by the unit of the layer's type, and depends on the length of the
// sum, because products are summed without rounding. It also applies to sums
// over A and B, where it matters in f32 only. A weight on the input multiplies
// E(g) and E(u) instead. A norm of the output propagates E(out) with its
// slopes, and is rounded. Weights have no error if ids are given. In a group,
// E(delta)^2 of a down projection is the sum of those of the ranks along tp,
// because each rounds the u of its columns.
#ifndef MOELORA_REFERENCE_BOUND_H
#define MOELORA_REFERENCE_BOUND_H

#include "moelora/reference/Layer.h"

namespace moelora::reference {

/// The relative error of one rounding: 2^-8 for bf16, 2^-11 for f16. For f32,
/// it is the error of the functions of an activation or a router, 2^-22.
double unitOf(moelora_dtype type);

/// The relative error of an f32 sum over this number of products. The squares
/// of the roundings of partial sums are added.
double sumUnit(int64_t products);

/// The largest error of correct code in units of `out`: up to three roundings
/// affect one term, those of A x, of the activation and of the output. The
/// largest measured error is 2.1, on layers with few terms, where errors
/// average out least.
constexpr double boundConstant = 3;

/// The range of correct results for one token.
struct Tolerance {
  Vector bound; // boundConstant * unit * out, per output element
  /// False if two scores are so close that correct code may choose other
  /// experts. Then no bound holds for the output.
  bool decided;
};

/// Computes the bounds of a token from its routing and output in the exact
/// mode.
Tolerance toleranceOf(const Problem &problem, int64_t token,
                      const Routed &routed, const Vector &output);

} // namespace moelora::reference

#endif // MOELORA_REFERENCE_BOUND_H
