// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Numbers are packed to save shared memory, which the ring of the main loop
// needs:
//
//   tile   expert << 17 | first row << 8 | rows
//   row    pair | expert << 16,  and with adapters  slot + 1 | end << 16, where
//          `end` is that of the segment
//   key    (slot + 1) << 16 | pair

#include "gpu/SmallPlan.h"

using namespace mlir;

namespace moelora::codegen {

namespace tile_word {
constexpr int64_t Begin = 8, Expert = 17;
}
namespace row_word {
constexpr int64_t High = 16, Low = (1 << High) - 1;
}

static_assert(PlanOp::MostConsumerPairs <=
                  1 << (tile_word::Expert - tile_word::Begin) &&
              PlanOp::MostConsumerExperts << tile_word::Expert <= 1l << 31 &&
              PlanOp::MostConsumerSlots + 1 <= row_word::Low >> 1);

SmallPlan::SmallPlan(GpuLowering &lowering, Kernel &kernel, const GpuPlan &plan)
    : PlanView(plan), kernel(kernel), code(kernel.code),
      input(lowering, kernel, plan), writer(lowering, kernel, plan),
      shared(code.shared()), thread(code.thread()),
      tileTokens(kernel.number(plan.tile)),
      rowBytes(plan.hasSegments() ? 8 : 4), tileWords(take(plan.consumerPairs)),
      rows(take(plan.consumerPairs * rowBytes / 4)),
      // The ring begins at a multiple of the size of its rows.
      kept((all + 127) / 128 * 128), expertRows(take(plan.experts)),
      expertBegin(take(plan.experts + 1)), expertTiles(take(plan.experts + 1)),
      places(take(plan.consumerPairs)), keys(take(plan.consumerPairs)) {
  if (plan.hasSegments())
    pairs.emplace(lowering, kernel, plan);
}

void SmallPlan::make() {
  Named named(code, "plan");
  clear();
  code.barrier();
  count();
  code.barrier();
  code.when(code.equal(code.warp(), code.i32(0)), [&] {
    sumExperts(
        code, plan,
        {shared + expertRows, shared + expertBegin, shared + expertTiles},
        tileTokens);
  });
  code.barrier();
  Int end = code.i32(plan.experts);
  rowCount = load(expertBegin, end);
  tileCount = load(expertTiles, end);
  collect();
  code.barrier();
  rank();
  code.barrier();
  store();
}

void SmallPlan::clear() {
  strided(code.i32(plan.experts),
          [&](Int i) { code.store(code.i32(0), at(expertRows, i)); });
}

/// Calls `body(pair, valid)`. Lanes beyond the last pair take part, because
/// warps work together.
void SmallPlan::forPairs(llvm::function_ref<void(Int, Value)> body) {
  int64_t threads = kernel.threads();
  code.loop(code.i32(0), input.allPairs, threads, [&](Int first) {
    Int pair = first + thread;
    body(pair, code.less(pair, input.pairs));
  });
}

void SmallPlan::count() {
  Named named(code, "count");
  forPairs([&](Int pair, Value valid) {
    Int expert = input.expertOf(pair, valid);
    code.when(isFirstBlock(), [&] { input.countDropped(pair, expert, valid); });
    code.when(input.hasExpert(expert), [&] {
      Int place = code.atomicAdd(at(expertRows, expert), code.i32(1), "block");
      code.store(place, at(places, pair));
    });
  });
}

void SmallPlan::collect() {
  Named named(code, "collect");
  forPairs([&](Int pair, Value valid) {
    Int expert = input.expertOf(pair, valid);
    code.when(input.hasExpert(expert), [&] {
      Int key = ((input.slotOf(pair) + 1) << row_word::High) | pair;
      Int index = load(expertBegin, expert) + load(places, pair);
      code.store(key, at(keys, index));
    });
  });
  strided(code.i32(plan.experts), [&](Int expert) {
    Int begin = load(expertBegin, expert), end = load(expertBegin, expert + 1);
    Int first = load(expertTiles, expert);
    Int count = load(expertTiles, expert + 1) - first;
    code.loop(code.i32(0), count, 1, [&](Int i) {
      Int row = begin + i * tileTokens;
      code.store((expert << tile_word::Expert) | (row << tile_word::Begin) |
                     code.least(end - row, tileTokens),
                 at(tileWords, first + i));
    });
  });
}

void SmallPlan::rank() {
  Named named(code, "rank");
  Code::Values none(2, code.i32(0).value);
  auto addIf = [&](Value condition, Value to) {
    Int sum{&code, to};
    return code.select(condition, sum + 1, sum).value;
  };
  forPairs([&](Int pair, Value valid) {
    Int expert = input.expertOf(pair, valid);
    Value first = isFirstBlock();
    Value isLost = code.select(input.hasExpert(expert), code.bit(false),
                               code.less(pair, input.allPairs));
    code.when(code.both(first, isLost), [&] { writer.drop(pair); });
    code.when(input.hasExpert(expert), [&] {
      Int slot = (input.slotOf(pair) + 1) << row_word::High;
      Int begin = load(expertBegin, expert);
      Code::Values below = code.loop(
          begin, load(expertBegin, expert + 1), 1, none,
          [&](Int i, ValueRange sums) {
            Int key = load(keys, i);
            return Code::Values{
                addIf(code.less(key, slot | pair), sums[0]),
                addIf(code.less(key, slot + (1 << row_word::High)), sums[1])};
          });
      Int row = begin + Int{&code, below[0]},
          end = begin + Int{&code, below[1]};
      code.store(pair | (expert << row_word::High), rowAt(row));
      if (plan.hasSegments())
        code.store((slot >> row_word::High) | (end << row_word::High),
                   rowAt(row) + 4);
      code.when(first, [&] { writer.place(pair, row, row); });
    });
  });
}

void SmallPlan::store() {
  Named named(code, "store plan");
  writer.clearCounters();
  code.when(isFirstBlock(), [&] {
    strided(tileCount, [&](Int i) { writer.tile(i, tile(i)); });
    code.when(code.equal(thread, code.i32(0)),
              [&] { writer.counts(rowCount, tileCount); });
  });
  if (plan.hasSegments())
    storeSegments();
}

/// Neighbouring rows are of different blocks, so that these follow few slots
/// each.
void SmallPlan::storeSegments() {
  Named named(code, "segments");
  Int blocks = code.blocks(), step = blocks * kernel.threads();
  code.repeat((thread * blocks + code.block()).value,
              [&](ValueRange i) { return code.less({&code, i[0]}, rowCount); },
              [&](ValueRange i) {
                Int index{&code, i[0]};
                Ptr row = rowAt(index);
                Int expert = code.loadNumber(row) >> row_word::High;
                writer.segment(index, segmentEnd(row), expert, slotOf(row));
                return Code::Values{(index + step).value};
              });
}

PlanView::Tile SmallPlan::tile(Int index) {
  Int word = load(tileWords, index);
  int64_t rowMask = (1 << tile_word::Begin) - 1;
  int64_t beginMask = (1 << (tile_word::Expert - tile_word::Begin)) - 1;
  return {word >> tile_word::Expert, (word >> tile_word::Begin) & beginMask,
          word & rowMask};
}

Int SmallPlan::pairOfRow(Int row) {
  return code.loadNumber(rowAt(row)) & row_word::Low;
}

Int SmallPlan::segmentEnd(Ptr row) {
  return code.loadNumber(row + 4) >> row_word::High;
}

Int SmallPlan::slotOf(Ptr row) {
  return (code.loadNumber(row + 4) & row_word::Low) - 1;
}

PlanView::Pair SmallPlan::pair(Ptr row, int64_t projection) {
  Int expert = code.loadNumber(row) >> row_word::High;
  return pairs->pairOf(pairs->imageOf(slotOf(row)), expert, projection);
}

KernelPlan createKernelPlan(GpuLowering &lowering, Kernel &kernel,
                            const GpuPlan &plan, bool isMade) {
  if (!isMade)
    return {std::make_unique<StoredPlan>(kernel, plan)};
  auto small = std::make_unique<SmallPlan>(lowering, kernel, plan);
  small->make();
  int64_t kept = small->keptBytes(), all = small->sharedBytes();
  return {std::move(small), kept, all};
}

} // namespace moelora::codegen
