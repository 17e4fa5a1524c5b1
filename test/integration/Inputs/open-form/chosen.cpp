// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs functions that MLIR's passes have cut, on eight ranks with adapters, and
// compares the rows of each with those of the whole layer. The layer chooses
// experts, and has biases and a shared expert.

#include "ChosenAdapters.h"
#include "Ranks.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

extern "C" const moelora_artifact *moelora_query_chosen(uint32_t abi);
extern "C" const moelora_artifact *moelora_query_chosen_cut_2x2(uint32_t abi);
using Function = void(MemRef<2> *result, MemRef<2> *x, MemRef<1> *slots,
                      MemRef<3> *router, MemRef<4> *gateUp,
                      MemRef<3> *gateUpBias, MemRef<3> *down,
                      MemRef<2> *downBias, MemRef<4> *sharedGateUp,
                      MemRef<3> *sharedGateUpBias, MemRef<3> *sharedDown,
                      MemRef<2> *sharedDownBias, MemRef<3> *score,
                      moelora_slot_table *, moelora_slot_table *,
                      moelora_slot_table *, moelora_slot_table *,
                      moelora_call_context *context);
extern "C" Function _mlir_ciface_whole, _mlir_ciface_part,
    _mlir_ciface_gathered;

/// [experts, outer, columns, inner]; the last sizes may be 1.
struct Weight {
  int64_t bytes; // of an element
  std::array<int64_t, 4> shape;
  std::vector<char> data;

  /// Numbers of that range, of bf16 or f32.
  Weight(int64_t bytes, std::array<int64_t, 4> shape, double range,
         unsigned seed)
      : bytes(bytes), shape(shape) {
    int64_t count = shape[0] * shape[1] * shape[2] * shape[3];
    Elements values = random(count, range, seed);
    data.resize(size_t(count * bytes));
    for (int64_t i = 0; i < count; ++i)
      moelora::reference::store(
          bytes == 2 ? MOELORA_BF16 : MOELORA_F32, data.data(), i,
          moelora::reference::load(MOELORA_BF16, values.data(), i));
  }

  Weight part(Share experts, Share columns) const {
    Weight result = *this;
    result.data.clear();
    int64_t first = experts.number * (result.shape[0] /= experts.of),
            width = (result.shape[2] /= columns.of) * shape[3] * bytes;
    for (int64_t row = first * shape[1];
         row < (first + result.shape[0]) * shape[1]; ++row) {
      auto begin =
          data.begin() + row * width * columns.of + columns.number * width;
      result.data.insert(result.data.end(), begin, begin + width);
    }
    return result;
  }

  template <int Dims> MemRef<Dims> memRef() {
    std::array<int64_t, Dims> sizes;
    std::copy_n(shape.begin(), Dims, sizes.begin());
    return describe<Dims>(data.data(), sizes);
  }
};

/// The operands of all tokens, or of one part.
struct Layer {
  Weight router = {2, {1, Experts, Hidden, 1}, 1, 1},
         gateUp = {2, {Experts, 2, Intermediate, Hidden}, 0.25, 2},
         gateUpBias = {4, {Experts, 2, Intermediate, 1}, 1, 3},
         down = {2, {Experts, Hidden, Intermediate, 1}, 0.25, 4},
         downBias = {4, {Experts, Hidden, 1, 1}, 4, 5},
         sharedGateUp = {2, {1, 2, Shared, Hidden}, 0.25, 6},
         sharedGateUpBias = {4, {1, 2, Shared, 1}, 1, 7},
         sharedDown = {2, {1, Hidden, Shared, 1}, 0.25, 8},
         sharedDownBias = {4, {1, Hidden, 1, 1}, 4, 9},
         score = {2, {1, 1, Hidden, 1}, 1, 10};

  Layer part(const Parts &parts) const {
    Layer own = *this;
    for (auto weight : {&Layer::gateUp, &Layer::gateUpBias, &Layer::down})
      own.*weight = (this->*weight).part(parts.experts, parts.columns);
    own.downBias = downBias.part(parts.experts, {});
    for (auto weight :
         {&Layer::sharedGateUp, &Layer::sharedGateUpBias, &Layer::sharedDown})
      own.*weight = (this->*weight).part({}, parts.shared());
    return own;
  }
};

/// Calls a function; the rows are the caller's. `all` are the slot ids of the
/// tokens of the call, and `slots` those that the function is given.
static MemRef<2> call(Function &function, const moelora_bound_layer *bound,
                      moelora_slot_table *table, Layer layer, MemRef<2> x,
                      MemRef<1> slots, MemRef<1> all) {
  moelora_step *step;
  must(moelora_step_create(table, nullptr, Tokens, &step, &error), error);
  must(moelora_step_enter(step, nullptr, &error), error);
  must(moelora_step_resolve(step, nullptr, static_cast<int32_t *>(all.data),
                            all.size[0], nullptr, &error),
       error);
  Context context(bound, step);
  MemRef<2> result = {};
  auto router = layer.router.memRef<3>(), down = layer.down.memRef<3>(),
       gateUpBias = layer.gateUpBias.memRef<3>(),
       sharedGateUpBias = layer.sharedGateUpBias.memRef<3>(),
       sharedDown = layer.sharedDown.memRef<3>(),
       score = layer.score.memRef<3>();
  auto gateUp = layer.gateUp.memRef<4>(),
       sharedGateUp = layer.sharedGateUp.memRef<4>();
  auto downBias = layer.downBias.memRef<2>(),
       sharedDownBias = layer.sharedDownBias.memRef<2>();
  function(&result, &x, &slots, &router, &gateUp, &gateUpBias, &down, &downBias,
           &sharedGateUp, &sharedGateUpBias, &sharedDown, &sharedDownBias,
           &score, table, table, table, table, &context.call);
  context.check();
  must(moelora_step_leave(step, nullptr, &error), error);
  return result;
}

/// A rank's layer, with its adapters.
struct Part {
  Part(ChosenAdapters &adapters, const Layer &whole, const Parts &parts)
      : table(adapters.makeTable(parts)), layer(whole.part(parts)),
        bound(bind(parts.shared().of > 1
                       ? moelora_query_chosen_cut_2x2(MOELORA_ABI_VERSION)
                       : moelora_query_chosen(MOELORA_ABI_VERSION),
                   table)) {}

  moelora_slot_table *table;
  Layer layer;
  const moelora_bound_layer *bound;
};

int main() {
  ChosenAdapters adapters;
  Layer weights;
  Part whole(adapters, weights, {});
  std::vector<Part> parts;
  for (int ep = 0; ep < 2; ++ep)
    for (int tp = 0; tp < 2; ++tp)
      parts.emplace_back(adapters, weights, Parts{{ep, 2}, {tp, 2}});
  int32_t ids[Tokens], base[Tokens];
  for (int t = 0; t < Tokens; ++t) {
    ids[t] = t % 3 < 2 ? adapters.ids[t % 3] : -1;
    base[t] = -1;
  }
  Rows x = randomRows(2);
  auto slotsOf = [&](int32_t *of, int64_t first, int64_t count) {
    return describe<1>(of + first, {count});
  };
  auto runWhole = [&](int32_t *of) {
    MemRef<1> slots = slotsOf(of, 0, Tokens);
    return call(_mlir_ciface_whole, whole.bound, whole.table, whole.layer,
                x.memRef(), slots, slots);
  };
  MemRef<2> rows = runWhole(ids), others = runWhole(base);
  std::printf("adapters change rows: %s\n",
              worstOf(others, rows) > 16 ? "yes" : "no");
  /// Rows [first, first + count) of rank 0, and of all others by their number.
  auto run = [&](const char *what, Function &function, auto own,
                 auto gathered) {
    auto compute = [&] {
      auto [first, count] = own();
      auto [from, all] = gathered();
      Part &part = parts[size_t(rank & 3)];
      return call(function, part.bound, part.table, part.layer,
                  rowsOf(x.memRef(), 2, first, count),
                  slotsOf(ids, first, count), slotsOf(ids, from, all));
    };
    compareRanks(what, compute, [&] {
      auto [first, count] = own();
      return rowsOf(rows, 2, first, count);
    });
  };
  using Range = std::pair<int64_t, int64_t>;
  auto half = [] {
    int64_t dp = coordinateOf(0);
    return Range(dp * (Tokens / 2), dp ? Tokens - Tokens / 2 : Tokens / 2);
  };
  run("chosen", _mlir_ciface_part, half, half);
  // Equally many tokens: 5 of each rank, and 10 after they are gathered.
  run(
      "gathered", _mlir_ciface_gathered,
      [] { return Range(5 * (rank >> 1), 5); },
      [] { return Range(10 * coordinateOf(0), 10); });
  std::free(rows.allocated);
  std::free(others.allocated);
}
