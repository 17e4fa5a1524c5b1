// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adds up the weights that each token gives to experts that return their input.

#include "run/host/Services.h"

using namespace moelora;

namespace {

/// The smallest id in [first, end), or `end` if there is none.
int32_t smallestIn(int32_t first, int32_t end, const int32_t *ids,
                   int32_t count) {
  int32_t smallest = end;
  for (int32_t j = 0; j < count; ++j)
    if (ids[j] >= first && ids[j] < smallest)
      smallest = ids[j];
  return smallest;
}

/// Few of a token's choices are such experts, so each pass over them costs less
/// than sorting would, and needs no memory.
float sumInOrder(int32_t first, int32_t end, const int32_t *ids,
                 const float *weights, int32_t count) {
  float sum = 0;
  int32_t id = smallestIn(first, end, ids, count);
  while (id < end) {
    for (int32_t j = 0; j < count; ++j)
      if (ids[j] == id)
        sum += weights[j];
    id = smallestIn(id + 1, end, ids, count);
  }
  return sum;
}

} // namespace

void moelora::identityWeights(int64_t tokens, int32_t topK, int32_t first,
                              int32_t end, const int32_t *ids,
                              const float *weights, float *sums) {
  for (int64_t t = 0; t < tokens; ++t)
    sums[t] = sumInOrder(first, end, ids + t * topK, weights + t * topK, topK);
}
