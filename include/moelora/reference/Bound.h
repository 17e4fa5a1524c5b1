// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How far a right answer may lie from the exact one.
//
// A machine that rounds only where it may (adapter weights and A x once, the
// activation once, rows on a latent projection once, the output once, sums in
// f32) errs by a small multiple of
//
//   unit * (|base| + |delta|)
//
// where |base| + |delta| is made of the terms of an output element and not of
// their sum, which may cancel. Roundings are independent of each other, so
// terms add up as squares; a sum of absolute values would be larger by the
// square root of their number, and hide mistakes. With squares of matrices and
// vectors taken element by element, and E(v)^2 the squared error of v in units:
//
//   E(W x + b)^2 = W^2 E(x)^2 + k^2 (W^2 x^2 + b^2)
//   E(delta)^2   = B^2 u^2,  u^2 = (s A)^2 (x^2 + E(x)^2) + (s A x)^2
//   E(a)^2       = a^2 + (F |u| E(g))^2 + (|f(g)| E(u))^2     F bounds |f'|
//   E(w)^2       = sum over e of (w(logits, e moved by E(l_e)) - w)^2
//   E(sum)^2     = scale^2 sum_j w_j^2 E(y_j)^2 + E(w_j)^2 y_j^2
//   E(out)^2     = out^2 + E(sum)^2 + sigma^2 (E(shared)^2
//                                              + E_sigma^2 shared^2)
//
// A row that is rounded has its own square in its error, as a and out have; x
// as it comes in has none, a row of latent_in has. k is the unit of an f32 sum
// over the unit of the layer's type, and follows the length of the sum:
// products are summed but not rounded. It counts for sums over A and B as well,
// where it is seen in f32 alone. A weight on the input multiplies E(g), E(u)
// instead; a norm of the output takes E(out) on with its slopes, and is
// rounded. Weights have no error where ids are given.
#ifndef MOELORA_REFERENCE_BOUND_H
#define MOELORA_REFERENCE_BOUND_H

#include "moelora/reference/Layer.h"

namespace moelora::reference {

/// The relative error of one rounding: 2^-8 for bf16, 2^-11 for f16. For f32
/// that of the functions of an activation or a router, 2^-22.
double unitOf(moelora_dtype type);

/// The relative error of an f32 sum over so many products: the roundings of
/// partial sums add up as squares.
double sumUnit(int64_t products);

/// How many units of `out` a right machine may err by: up to three roundings
/// meet in one term, of A x, of the activation and of the output. The worst
/// measured is 2.1, on layers of few terms, where errors average out least.
constexpr double boundConstant = 3;

/// What a right machine may answer for one token.
struct Tolerance {
  Vector bound; // boundConstant * unit * out, per output element
  /// False where the choice of experts is so close that a right machine may
  /// make another one: then no bound holds for the output.
  bool decided;
};

/// For a token's routing and output as the exact mode gives them.
Tolerance toleranceOf(const Problem &problem, int64_t token,
                      const Routed &routed, const Vector &output);

} // namespace moelora::reference

#endif // MOELORA_REFERENCE_BOUND_H
