// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Data for which no f32 sum of a layer rounds, in any order of addition. Only
// the roundings that are part of the layer's definition remain, so code must
// produce the bits of the reference's rounded mode. This detects a single
// additional or misplaced rounding, which a bound does not.
//
// All data are small integers, those of hidden states times a power of two. A
// row of a matrix is the sum of a few unit steps in random columns, so a
// product with it is at most the number of steps times the largest input,
// however long the row is. The largest value of each sum therefore follows from
// the sizes of the data. A sum is exact if this value is at most 2^24 times the
// largest power of two that divides all terms.
#ifndef MOELORA_REFERENCE_EXACTDATA_H
#define MOELORA_REFERENCE_EXACTDATA_H

#include "moelora/reference/Layer.h"

#include <functional>

namespace moelora::reference {

/// Sizes (absolute values) of the inputs of a layer.
struct ExactSizes {
  int64_t hidden = 15; // of an element, in units
  double unit = 1;     // a power of two
  int64_t weight = 2;  // steps in a row of a base weight
  int64_t a = 2;       // in a row of A
  int64_t b = 1;       // in a row of B
  int64_t scale = 3;   // of a pair
  int64_t bias = 1;
  int64_t choice = 2; // of a router weight; they are positive
};

/// Returns 64 random bits per call.
using RandomBits = std::function<uint64_t()>;

/// The layer with the activation relu2, and without soft caps, scores and
/// norms, which are never exact. To be run with given ids.
moelora_layer exactLayer(moelora_layer layer);

/// Whether, with data of these sizes, all sums in a run of an `exactLayer` are
/// exact in f32, and all stored values are in the range of the layer's type.
bool areExact(const moelora_layer &layer, const ExactSizes &sizes);

/// Random sizes for which the layer is exact, with the largest possible hidden
/// states.
ExactSizes exactSizes(const moelora_layer &layer, const RandomBits &bits);

/// A whole number in [-size, size].
double exactNumber(int64_t size, const RandomBits &bits);

/// A row with this number of unit steps, up or down, in random columns.
Vector exactRow(int64_t columns, int64_t steps, const RandomBits &bits);

} // namespace moelora::reference

#endif // MOELORA_REFERENCE_EXACTDATA_H
