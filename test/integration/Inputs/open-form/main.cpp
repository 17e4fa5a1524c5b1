// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs a function that MLIR's passes have cut, on eight ranks, and compares the
// rows of each with those of the whole layer. The layer is given expert ids.

#include "Ranks.h"

#include <cstdio>
#include <cstdlib>

enum { Experts = 8, Intermediate = 32 };

extern "C" const moelora_artifact *moelora_query_experts(uint32_t abi);
extern "C" const moelora_artifact *moelora_query_experts_cut_2x2(uint32_t abi);
using Function = void(MemRef<2> *result, MemRef<2> *x, MemRef<2> *ids,
                      MemRef<2> *weights, MemRef<4> *gateUp, MemRef<3> *down,
                      moelora_call_context *context);
extern "C" Function _mlir_ciface_whole, _mlir_ciface_part;

/// Calls a function, and tells how many ids it counts as those of no expert;
/// the rows are the caller's.
static MemRef<2> call(Function &function, const moelora_bound_layer *layer,
                      MemRef<2> x, MemRef<2> ids, MemRef<2> weights,
                      MemRef<4> gateUp, MemRef<3> down, uint64_t &dropped) {
  Context context(layer);
  MemRef<2> result = {};
  function(&result, &x, &ids, &weights, &gateUp, &down, &context.call);
  context.check();
  dropped = context.stats.dropped_pairs;
  return result;
}

struct Routing {
  Routing() {
    for (int t = 0; t < Tokens; ++t)
      for (int j = 0; j < 2; ++j) {
        ids.push_back((t + j * (t % 7 + 1)) % Experts);
        weights.push_back(0.25f + 0.5f * float(j));
      }
    ids[5] = -1; // no expert
    ids[8] = Experts;
    ids[11] = INT32_MIN;
    ids[2 * Tokens - 1] = Experts + 3;
  }
  std::vector<int32_t> ids;
  std::vector<float> weights;
};

/// The rows of this rank, which differ in number.
static MemRef<2> ownRows(MemRef<2> all, int64_t bytes) {
  int64_t half = Tokens / 2, dp = coordinateOf(0);
  return rowsOf(all, bytes, dp * half, dp ? Tokens - half : half);
}

/// The part of a weight `[experts, outer, intermediate, inner]`.
static Elements cut(const Elements &whole, int64_t outer, int64_t inner) {
  Elements part;
  int64_t columns = Intermediate * inner, ep = coordinateOf(1),
          first = coordinateOf(2) * columns / 2;
  for (int64_t row = ep * Experts / 2 * outer;
       row < (ep + 1) * Experts / 2 * outer; ++row)
    for (int64_t i = first; i < first + columns / 2; ++i)
      part.push_back(whole[size_t(row * columns + i)]);
  return part;
}

int main() {
  auto layer = bind(moelora_query_experts(MOELORA_ABI_VERSION)),
       part = bind(moelora_query_experts_cut_2x2(MOELORA_ABI_VERSION));
  Routing routing;
  Weights weights({Experts, Intermediate}, 1);
  Rows x = randomRows(2);
  MemRef<2> in = x.memRef(), ids = describe<2>(routing.ids.data(), {Tokens, 2}),
            scale = describe<2>(routing.weights.data(), {Tokens, 2});
  auto [router, gateUp, down] = weights.memRefs();
  uint64_t dropped, droppedBy[Ranks];
  MemRef<2> whole =
      call(_mlir_ciface_whole, layer, in, ids, scale, gateUp, down, dropped);
  compareRanks(
      "given ids",
      [&] {
        Elements own13 = cut(weights.gateUp, 2, Hidden),
                 own2 = cut(weights.down, Hidden, 1);
        return call(_mlir_ciface_part, part, ownRows(in, 2), ownRows(ids, 4),
                    ownRows(scale, 4),
                    describe<4>(own13.data(), {4, 2, Intermediate / 2, Hidden}),
                    describe<3>(own2.data(), {4, Hidden, Intermediate / 2}),
                    droppedBy[rank]);
      },
      [&] { return ownRows(whole, 2); });
  // Each rank counts those of its tokens, whatever its experts are.
  std::printf("dropped: %d of all tokens; by rank:", int(dropped));
  for (uint64_t ofRank : droppedBy)
    std::printf(" %d", int(ofRank));
  std::printf("\n");
  std::free(whole.allocated);
}
