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
#include "gpu/PlanInput.h"
#include "gpu/PlanWriter.h"

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
  Value isOwned(Int expert) { return code.below(expert - first, ownedHere); }
  Int keyOf(Int pair, Int expert) {
    return (expert - first) * keysPerExpert + input.slotOf(pair) + 1;
  }

  Ptr at(int64_t array, Int index) { return shared + array + index * 4; }
  Int load(int64_t array, Int index) {
    return code.loadNumber(at(array, index));
  }
  Int rowsBefore(Int key) { return load(keyRows, key * Warps); }

  const GpuPlan &plan;
  Kernel kernel;
  KernelCode &code;
  PlanInput input;
  PlanWriter writer;
  Ptr shared;
  Int thread, warp, lane, first, ownedHere, tile;
};

} // namespace

int64_t planBlocks(const GpuPlan &plan) {
  int64_t owned = PlanLayout(plan).owned;
  return (plan.experts + owned - 1) / owned;
}

PlanKernel::PlanKernel(GpuLowering &lowering, const GpuPlan &plan)
    : PlanLayout(plan), plan(plan),
      kernel(lowering.gpu, lowering.kernelName("plan"), Threads),
      code(kernel.code), input(lowering, kernel, plan),
      writer(lowering, kernel, plan), shared(code.shared()),
      thread(code.thread()), warp(code.warp()), lane(code.lane()),
      first(code.block() * owned),
      ownedHere(code.least(code.i32(owned), code.i32(plan.experts) - first)),
      tile(kernel.number(plan.tile)) {}

KernelInfo PlanKernel::emit() {
  clear();
  code.barrier();
  count();
  code.barrier();
  code.when(code.equal(warp, code.i32(0)), [&] {
    ExpertNumbers experts{shared + expertRows, shared + expertBegin,
                          shared + expertTiles};
    sumExperts(code, plan, experts, tile);
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
  code.when(code.equal(code.block(), code.i32(0)), [&] {
    strided(input.allPairs - input.pairs,
            [&](Int i) { writer.drop(input.pairs + i); });
  });
  writer.clearCounters();
}

void PlanKernel::forPairs(llvm::function_ref<void(Int, Value)> body) {
  // Of 32 pairs, for each warp.
  Int lines = (input.pairs + (Threads - 1)) / Threads;
  Int begin = warp * lines * WarpLanes;
  code.loop(code.i32(0), lines, 1, [&](Int line) {
    Int pair = begin + line * WarpLanes + lane;
    body(pair, code.less(pair, input.pairs));
  });
}

void PlanKernel::count() {
  Named named(code, "count");
  Value firstBlock = code.equal(code.block(), code.i32(0));
  forPairs([&](Int pair, Value valid) {
    Int expert = input.expertOf(pair, valid);
    code.when(firstBlock, [&] { input.countDropped(pair, expert, valid); });
    code.when(input.hasExpert(expert), [&] {
      code.atomicAdd(at(expertRows, expert), code.i32(1), "block");
      code.when(isOwned(expert), [&] {
        Int key = keyOf(pair, expert);
        code.atomicAdd(at(keyRows, key * Warps + warp), code.i32(1), "block");
      });
    });
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
  code.loop(code.i32(0), ownedHere, 1, [&](Int index) {
    Int expert = first + index;
    Int begin = load(expertBegin, expert), end = load(expertBegin, expert + 1);
    Int firstTile = load(expertTiles, expert);
    strided(load(expertTiles, expert + 1) - firstTile, [&](Int i) {
      Int row = begin + i * tile;
      writer.tile(firstTile + i, {expert, row, code.least(end - row, tile)});
    });
  });
  Value firstThread = code.both(code.equal(code.block(), code.i32(0)),
                                code.equal(thread, code.i32(0)));
  code.when(firstThread, [&] {
    Int all = code.i32(plan.experts);
    writer.counts(load(expertBegin, all), load(expertTiles, all));
  });
}

void PlanKernel::writeSegments() {
  if (!plan.hasSegments())
    return;
  Named named(code, "segments");
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
      writer.segment(begin, end, first + key / keysPerExpert,
                     key % keysPerExpert - 1);
    });
  });
}

void PlanKernel::place() {
  Named named(code, "place");
  Value firstBlock = code.equal(code.block(), code.i32(0));
  forPairs([&](Int pair, Value valid) {
    Int expert = input.expertOf(pair, valid);
    Value owns = isOwned(expert);
    Value dropped =
        code.select(input.hasExpert(expert), code.bit(false), valid);
    code.when(code.both(firstBlock, dropped), [&] { writer.drop(pair); });
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
        writer.place(pair, row, load(keyBegin, key));
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
