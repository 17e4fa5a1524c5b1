// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Data on which no f32 sum of a layer rounds, in whatever order it is added up.
// What is left are the roundings that a layer means to make, so code must give
// the bits of the reference's rounded mode: a single rounding more, or one at
// another place, shows, where a bound would let it pass.
//
// All data are small integers, those of hidden states times a power of two. A
// row of a matrix is a sum of a few steps of one in random columns: it
// multiplies the largest number that it meets by at most their number, however
// long it is. So the largest number of each sum follows from the sizes of the
// data, and up to 2^24 times what all its terms are multiples of, it is exact.
#ifndef MOELORA_REFERENCE_EXACTDATA_H
#define MOELORA_REFERENCE_EXACTDATA_H

#include "moelora/reference/Layer.h"

#include <functional>

namespace moelora::reference {

/// Sizes of what a layer reads, as absolute values.
struct ExactSizes {
  int64_t hidden = 15; // of an element, in units
  double unit = 1;     // a power of two
  int64_t weight = 2;  // steps in a row of a base weight
  int64_t a = 2;       // likewise, of A
  int64_t b = 1;       // and of B
  int64_t scale = 3;   // of a pair
  int64_t bias = 1;
  int64_t choice = 2; // of a weight that the router gives; they are positive
};

/// Answers 64 random bits at a time.
using RandomBits = std::function<uint64_t()>;

/// The layer with the activation relu2, and without what no number of bits is
/// enough for: soft caps, scores, norms. Meant to be run from given ids.
moelora_layer exactLayer(moelora_layer layer);

/// Whether all sums in a run of an `exactLayer` are exact in f32, and all that
/// is stored is in the range of the layer's type, with data of these sizes.
bool areExact(const moelora_layer &layer, const ExactSizes &sizes);

/// Random sizes that are exact; hidden states as large as that allows.
ExactSizes exactSizes(const moelora_layer &layer, const RandomBits &bits);

/// A whole number in [-size, size].
double exactNumber(int64_t size, const RandomBits &bits);

/// So many steps of one, up or down, in random columns.
Vector exactRow(int64_t columns, int64_t steps, const RandomBits &bits);

} // namespace moelora::reference

#endif // MOELORA_REFERENCE_EXACTDATA_H
