// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The kernel that makes the plan of a batch. Each thread block owns a range of
// experts and writes their rows, tiles and segments; blocks do not wait for
// each other. A key is an (expert, slot) of the block, base rows first. Each
// warp has an equal part of the pairs, in their order:
//
//   count   for each pair: rows of its expert; of (key, warp) if it is owned
//   sum     counts become the first rows of experts, tiles and (key, warp)
//   write   tiles of owned experts, segments of keys
//   place   for each pair of an owned expert, 32 at a time: its row is the
//           next of its (key, warp); lanes of one key follow each other
//
// The sort is stable because the parts, and the lanes in them, are in the order
// of the pairs.

#include "gpu/PlanKernel.h"
#include "gpu/SegmentWriter.h"
#include "moelora/runtime/Abi.h"
#include <cstddef>

using namespace mlir;

namespace moelora::codegen {

namespace {

constexpr int64_t Warps = 8, Threads = Warps * WarpLanes;
/// Experts are spread over about as many blocks as there are multiprocessors.
constexpr int64_t MostBlocks = 128;

/// The experts and keys of a block, and its arrays in shared memory, as offsets
/// in bytes.
struct PlanLayout {
  explicit PlanLayout(const GpuPlan &plan)
      : owned((plan.experts + MostBlocks - 1) / MostBlocks),
        keysPerExpert(plan.slots + 1), keys(owned * keysPerExpert),
        expertRows(take(plan.experts)), expertBegin(take(plan.experts + 1)),
        expertTiles(take(plan.experts + 1)), keyRows(take(keys * Warps)),
        keyBegin(take(keys)) {}

  int64_t sharedBytes = 0;
  const int64_t owned, keysPerExpert, keys;
  const int64_t expertRows, expertBegin, expertTiles, keyRows, keyBegin;

private:
  int64_t take(int64_t numbers) {
    int64_t offset = sharedBytes;
    sharedBytes += 4 * numbers;
    return offset;
  }
};

class PlanKernel : PlanLayout {
public:
  PlanKernel(GpuLowering &lowering, const GpuPlan &plan);
  KernelInfo emit();

private:
  // The steps.
  void clear();
  void count();
  void sumExperts();
  void sumKeys();
  void writeTiles();
  void writeSegments();
  void place();

  /// Calls `body(index)` for each index in [0, end) that is this thread's.
  void strided(Int end, llvm::function_ref<void(Int)> body) {
    code.loop(thread, end, Threads, body);
  }
  /// Calls `body(pair, valid)` for the pairs of this warp, 32 at a time. Lanes
  /// beyond the last pair take part, because warps work together.
  void forPairs(llvm::function_ref<void(Int, Value)> body);
  Int expertOf(Int pair, Value valid);
  Int slotOf(Int pair);
  Value isOwned(Int expert) { return code.below(expert - first, ownedHere); }
  Int keyOf(Int pair, Int expert) {
    return (expert - first) * keysPerExpert + slotOf(pair) + 1;
  }
  void countDropped(Int pair, Int expert, Value valid);

  Ptr at(int64_t array, Int index) { return shared + array + index * 4; }
  Int load(int64_t array, Int index) {
    return code.loadNumber(at(array, index));
  }
  Int rowsBefore(Int key) { return load(keyRows, key * Warps); }

  const GpuPlan &plan;
  GpuLowering &lowering;
  Kernel kernel;
  KernelCode &code;
  Ptr shared;
  Int thread, warp, lane, first, ownedHere, tile, shift, pairs, allPairs;
  Value hasSlots;
  Ptr ids{}, numbers{}, rowPair, pairRow, rowSegment{};
};

} // namespace

int64_t planBlocks(const GpuPlan &plan) {
  int64_t owned = PlanLayout(plan).owned;
  return (plan.experts + owned - 1) / owned;
}

PlanKernel::PlanKernel(GpuLowering &lowering, const GpuPlan &plan)
    : PlanLayout(plan), plan(plan), lowering(lowering),
      kernel(lowering.gpu, lowering.kernelName("plan"), Threads),
      code(kernel.code), shared(code.shared()), thread(code.thread()),
      warp(code.warp()), lane(code.lane()), first(code.block() * owned),
      ownedHere(code.least(code.i32(owned), code.i32(plan.experts) - first)),
      tile(kernel.number(plan.tile)), shift(code.lowestOne(tile)),
      pairs(validTokens(lowering, kernel) * plan.topK),
      allPairs(kernel.tokens() * plan.topK),
      rowPair(kernel.region(plan.rowPair, plan.perPair(4))),
      pairRow(kernel.region(plan.pairRow, plan.perPair(4))) {
  if (plan.hasIds)
    ids = kernel.region(plan.ids, plan.perPair(4));
  if (plan.slots) {
    numbers = kernel.pointer(plan.numbers);
    hasSlots = isInStep(lowering, kernel, numbers);
  }
  if (plan.hasSegments())
    rowSegment = kernel.region(plan.rowSegment, plan.perPair(4));
}

KernelInfo PlanKernel::emit() {
  clear();
  code.barrier();
  count();
  code.barrier();
  code.when(code.equal(warp, code.i32(0)), [&] {
    sumExperts();
    code.warpBarrier();
    sumKeys();
  });
  code.barrier();
  writeTiles();
  writeSegments();
  code.barrier();
  place();
  return kernel.finish(sharedBytes);
}

void PlanKernel::clear() {
  Named named(code, "clear");
  strided(code.i32(sharedBytes / 4),
          [&](Int i) { code.store(code.i32(0), shared + i * 4); });
  Int block = code.block() * Threads, step = code.blocks() * Threads;
  code.when(code.equal(code.block(), code.i32(0)), [&] {
    strided(allPairs - pairs, [&](Int i) {
      code.store(code.i32(-1), pairRow + (pairs + i) * 4);
    });
  });
  if (!plan.countersPerToken)
    return;
  Ptr counters = kernel.region(plan.counters, plan.counterRegion());
  Int end = kernel.tokens() * plan.countersPerToken;
  Value start = (block + thread).value;
  code.repeat(
      start, [&](ValueRange i) { return code.below({&code, i[0]}, end); },
      [&](ValueRange i) {
        Int index{&code, i[0]};
        code.store(code.i32(0), counters + index * 4);
        return Code::Values{(index + step).value};
      });
}

void PlanKernel::forPairs(llvm::function_ref<void(Int, Value)> body) {
  Int lines = (pairs + (Threads - 1)) / Threads; // of 32 pairs, for each warp
  Int begin = warp * lines * WarpLanes;
  code.loop(code.i32(0), lines, 1, [&](Int line) {
    Int pair = begin + line * WarpLanes + lane;
    body(pair, code.less(pair, pairs));
  });
}

/// -1 if the id is out of range.
Int PlanKernel::expertOf(Int pair, Value valid) {
  Value none = code.i32(-1).value;
  if (!plan.hasIds)
    return {&code, code.select(valid, code.i32(0).value, none)};
  Value id = code.choose(
      valid,
      [&] { return Code::Values{code.loadNumber(ids + pair * 4).value}; },
      [&] { return Code::Values{none}; })[0];
  return {&code, id};
}

/// Ids that are neither -1 nor of an expert without weights are counted. The
/// number may be any, so it is compared as an unsigned one.
void PlanKernel::countDropped(Int pair, Int expert, Value valid) {
  Value inRange = code.below(expert, code.i32(plan.experts + plan.zeroExperts));
  Value none = code.equal(expert, code.i32(-1));
  Value fine = code.select(inRange, inRange, none);
  Int dropped = code.countOnes(code.ballot(
      code.select(valid, code.select(fine, code.bit(false), code.bit(true)),
                  code.bit(false))));
  code.when(code.equal(lane, code.i32(0)), [&] {
    code.when(code.below(code.i32(0), dropped), [&] {
      countIn(kernel, offsetof(moelora_run_stats, dropped_pairs), dropped);
    });
  });
}

Int PlanKernel::slotOf(Int pair) {
  if (!plan.slots)
    return code.i32(-1);
  Int slots = kernel.number(Frame::Slots);
  Value slot = code.choose(
      hasSlots,
      [&] {
        Int number = code.loadNumber(numbers + pair / plan.topK * 4);
        Value known = code.below(number, slots);
        return Code::Values{code.select(known, number, code.i32(-1)).value};
      },
      [&] { return Code::Values{code.i32(-1).value}; })[0];
  return {&code, slot};
}

void PlanKernel::count() {
  Named named(code, "count");
  Value firstBlock = code.equal(code.block(), code.i32(0));
  forPairs([&](Int pair, Value valid) {
    Int expert = expertOf(pair, valid);
    if (plan.hasIds)
      code.when(firstBlock, [&] { countDropped(pair, expert, valid); });
    code.when(code.below(expert, code.i32(plan.experts)), [&] {
      code.atomicAdd(at(expertRows, expert), code.i32(1), "block");
      code.when(isOwned(expert), [&] {
        Int key = keyOf(pair, expert);
        code.atomicAdd(at(keyRows, key * Warps + warp), code.i32(1), "block");
      });
    });
  });
}

/// In one warp: the first row and the first tile of each expert.
void PlanKernel::sumExperts() {
  Named named(code, "sum");
  Int experts = code.i32(plan.experts);
  Code::Values zero{code.i32(0).value, code.i32(0).value};
  Code::Values ends = code.loop(
      code.i32(0), experts, WarpLanes, zero, [&](Int base, ValueRange sums) {
        Int expert = base + lane;
        Value inside = code.less(expert, experts);
        Int rows{
            &code,
            code.choose(
                inside,
                [&] { return Code::Values{load(expertRows, expert).value}; },
                [&] { return Code::Values{code.i32(0).value}; })[0]};
        Int count = (rows + tile - 1) >> shift;
        KernelCode::Scan rowScan = code.scan(rows), tileScan = code.scan(count);
        Int rowBase{&code, sums[0]}, tileBase{&code, sums[1]};
        code.when(inside, [&] {
          code.store(rowBase + rowScan.below, at(expertBegin, expert));
          code.store(tileBase + tileScan.below, at(expertTiles, expert));
        });
        return Code::Values{(rowBase + rowScan.all).value,
                            (tileBase + tileScan.all).value};
      });
  code.when(code.equal(lane, code.i32(0)), [&] {
    code.store(ends[0], at(expertBegin, experts));
    code.store(ends[1], at(expertTiles, experts));
  });
}

/// In one warp: the first row of each (key, warp).
void PlanKernel::sumKeys() {
  Int end = code.i32(keys * Warps);
  Code::Values start{load(expertBegin, first).value};
  code.loop(code.i32(0), end, WarpLanes, start, [&](Int base, ValueRange sum) {
    Int index = base + lane;
    Value inside = code.less(index, end);
    Int rows{&code,
             code.choose(
                 inside,
                 [&] { return Code::Values{load(keyRows, index).value}; },
                 [&] { return Code::Values{code.i32(0).value}; })[0]};
    KernelCode::Scan scan = code.scan(rows);
    Int below{&code, sum[0]};
    code.when(inside,
              [&] { code.store(below + scan.below, at(keyRows, index)); });
    return Code::Values{(below + scan.all).value};
  });
}

void PlanKernel::writeTiles() {
  Named named(code, "tiles");
  Ptr tiles = kernel.region(plan.tiles, plan.tileRegion()), counters{};
  if (plan.countsTiles)
    counters = kernel.region(plan.tileCounters, plan.tileCounterRegion());
  code.loop(code.i32(0), ownedHere, 1, [&](Int index) {
    Int expert = first + index;
    Int begin = load(expertBegin, expert), end = load(expertBegin, expert + 1);
    Int firstTile = load(expertTiles, expert);
    strided(load(expertTiles, expert + 1) - firstTile, [&](Int i) {
      if (plan.countsTiles)
        code.store(code.i32(0), counters + (firstTile + i) * 4);
      Int row = begin + i * tile;
      code.store(
          code.pack({expert.value, row.value, code.least(end - row, tile).value,
                     code.i32(0).value}),
          tiles + (firstTile + i) * plan_tile::Bytes, 16);
    });
  });
  Value firstThread = code.both(code.equal(code.block(), code.i32(0)),
                                code.equal(thread, code.i32(0)));
  code.when(firstThread, [&] {
    Ptr counts = kernel.region(plan.counts, {plan_counts::Bytes, 0});
    Int all = code.i32(plan.experts);
    code.store(load(expertBegin, all), counts + plan_counts::Rows);
    code.store(load(expertTiles, all), counts + plan_counts::Tiles);
  });
}

void PlanKernel::writeSegments() {
  if (!plan.hasSegments())
    return;
  Named named(code, "segments");
  SegmentWriter writer(lowering, kernel, plan);
  Int last = code.i32(keys);
  strided(last, [&](Int key) {
    Int begin = rowsBefore(key);
    Value isLast = code.equal(key, last - 1);
    Int end{&code,
            code.choose(
                isLast,
                [&] {
                  return Code::Values{
                      load(expertBegin, first + ownedHere).value};
                },
                [&] { return Code::Values{rowsBefore(key + 1).value}; })[0]};
    code.store(begin, at(keyBegin, key));
    code.when(code.less(begin, end), [&] {
      writer.write(begin, end, first + key / keysPerExpert,
                   key % keysPerExpert - 1);
    });
  });
}

void PlanKernel::place() {
  Named named(code, "place");
  Value firstBlock = code.equal(code.block(), code.i32(0));
  forPairs([&](Int pair, Value valid) {
    Int expert = expertOf(pair, valid);
    Value owns = isOwned(expert);
    Value dropped = code.select(code.below(expert, code.i32(plan.experts)),
                                code.bit(false), valid);
    code.when(code.both(firstBlock, dropped),
              [&] { code.store(code.i32(-1), pairRow + pair * 4); });
    Int busy = code.ballot(owns);
    code.when(code.below(code.i32(0), busy), [&] {
      Int key{&code,
              code.choose(
                  owns, [&] { return Code::Values{keyOf(pair, expert).value}; },
                  [&] { return Code::Values{code.i32(-1).value}; })[0]};
      Int same = code.matchAny(key);
      Int lower = same & lanesBelow(code, lane);
      Int rank = code.countOnes(lower);
      code.when(owns, [&] {
        Int row = load(keyRows, key * Warps + warp) + rank;
        code.store(pair, rowPair + row * 4);
        code.store(row, pairRow + pair * 4);
        if (plan.hasSegments())
          code.store(load(keyBegin, key), rowSegment + row * 4);
      });
      code.warpBarrier();
      code.when(code.both(owns, code.equal(lower, code.i32(0))), [&] {
        Ptr next = at(keyRows, key * Warps + warp);
        code.store(code.loadNumber(next) + code.countOnes(same), next);
      });
      code.warpBarrier();
    });
  });
}

int64_t planSharedBytes(const GpuPlan &plan) {
  return PlanLayout(plan).sharedBytes;
}

KernelInfo emitPlanKernel(GpuLowering &lowering, const GpuPlan &plan) {
  return PlanKernel(lowering, plan).emit();
}

} // namespace moelora::codegen
