// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Barriers of a block: bar.sync and bar.red as the PTX ISA defines them.

#include "Emulator.h"

#include <gmock/gmock.h>

using namespace moelora;
using namespace moelora::test;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

constexpr const char *schedules[] = {
    "", "schedule=random,seed=1", "schedule=random,seed=2",
    "schedule=adversarial,seed=1", "schedule=adversarial,seed=2"};

using None = int;

std::string faultOf(void (*body)(Gpu, const None &), uint32_t threads = 64,
                    const char *options = "") {
  return Emulator(options).launch<None>(body, {1, threads, 4096}, 0).fault;
}

/// Each thread sums the values that all threads have stored.
void sum(Gpu gpu, uint32_t *const &out) {
  constexpr uint32_t threads = 96;
  gpu.storeShared<uint32_t>(gpu.tid() * 4, gpu.tid() + 1, 0);
  gpu.barrier(1);
  uint32_t total = 0;
  for (uint32_t i = 0; i < threads; ++i)
    total += gpu.loadShared<uint32_t>(i * 4, 2);
  gpu.store(&out[gpu.tid()], total, 3);
}

TEST(EmulatedBarrier, ShowsWhatAllHaveStored) {
  for (const char *options : schedules) {
    Emulator emulator(options);
    auto *out = emulator.allocate<uint32_t>(96);
    moelora::emulator::Report report =
        emulator.launch<uint32_t *>(sum, {1, 96, 96 * 4}, out);
    EXPECT_EQ(report.fault, "") << options;
    EXPECT_EQ(report.counts.barriers, 1u);
    for (uint32_t total : emulator.download(out, 96))
      EXPECT_EQ(total, 96u * 97 / 2);
  }
}

/// Two pairs of warps take turns, each pair at its own barriers.
TEST(EmulatedBarrier, HasANumberAndACount) {
  auto body = [](Gpu gpu, const None &) {
    uint32_t pair = gpu.tid() / 64, other = gpu.tid() ^ 32;
    for (uint32_t turn = 0; turn < 10; ++turn) {
      gpu.storeShared<uint32_t>(gpu.tid() * 4, turn, 0);
      gpu.barrier(1, pair + 1, 64);
      if (gpu.loadShared<uint32_t>(other * 4, 2) != turn)
        gpu.loadShared<int>(1 << 20, 9); // is out of bounds
      gpu.barrier(3, pair + 1, 64);
    }
  };
  for (const char *options : schedules)
    EXPECT_EQ(faultOf(body, 128, options), "") << options;
}

/// Warps may reach a barrier through different instructions.
TEST(EmulatedBarrier, MayBeExecutedInDifferentPlacesByWarps) {
  EXPECT_EQ(faultOf([](Gpu gpu, const None &) {
              gpu.barrier(gpu.tid() < 32 ? 1 : 2);
            }),
            "");
}

TEST(EmulatedBarrier, DoesNotWaitForThreadsThatHaveExited) {
  for (const char *options : schedules)
    EXPECT_EQ(faultOf(
                  [](Gpu gpu, const None &) {
                    if (gpu.tid() % 3)
                      gpu.barrier(1);
                  },
                  80, options),
              "");
}

TEST(EmulatedBarrier, OfACountWaitsForWarpsThatHaveExited) {
  EXPECT_EQ(faultOf([](Gpu gpu, const None &) {
              if (gpu.tid() < 32)
                gpu.barrier(1, 2, 64);
            }),
            "kernel k, block (0, 0, 0): expects the threads of a block to "
            "reach what they wait for, but none can go on; of warp 1 lanes "
            "0-31 exited; of warp 0 lanes 0-31 wait at barrier 2 in op1 at "
            "k.mlir:1");
}

/// Lanes of a warp at different barriers wait for each other.
TEST(EmulatedBarrier, ThatDivergesIsADeadlock) {
  EXPECT_EQ(faultOf([](Gpu gpu, const None &) {
              gpu.barrier(1, gpu.lane() < 16 ? 0 : 1);
            }),
            "kernel k, block (0, 0, 0): expects the threads of a block to "
            "reach what they wait for, but none can go on; of warp 0-1 lanes "
            "0-15 wait at barrier 0 in op1 at k.mlir:1, lanes 16-31 wait at "
            "barrier 1 in op1 at k.mlir:1");
}

TEST(EmulatedBarrier, IsOneInstructionForAWarp) {
  EXPECT_THAT(faultOf([](Gpu gpu, const None &) {
                gpu.barrier(gpu.lane() < 16 ? 1 : 2);
              }),
              HasSubstr("op2 at k.mlir:2: expects all lanes of a warp to "
                        "execute the same barrier, but lane 0 waits in op1 at "
                        "k.mlir:1"));
}

TEST(EmulatedBarrier, IsOneOfSixteen) {
  EXPECT_EQ(faultOf([](Gpu gpu, const None &) { gpu.barrier(1, 15); }), "");
  EXPECT_THAT(faultOf([](Gpu gpu, const None &) { gpu.barrier(1, 16); }),
              HasSubstr("expects one of 16 barriers, but it is number 16"));
}

TEST(EmulatedBarrier, IsForWholeWarpsOfTheBlock) {
  EXPECT_THAT(faultOf([](Gpu gpu, const None &) { gpu.barrier(1, 1, 40); }),
              HasSubstr("expects a barrier to be for a multiple of 32 threads, "
                        "at most the 64 of the block's warps, but it is for "
                        "40"));
  EXPECT_THAT(faultOf([](Gpu gpu, const None &) { gpu.barrier(1, 1, 96); }),
              HasSubstr("but it is for 96"));
  // A warp with fewer than 32 threads counts as 32.
  EXPECT_EQ(faultOf([](Gpu gpu, const None &) { gpu.barrier(1, 1, 64); }, 40),
            "");
}

TEST(EmulatedBarrier, HasOneSizeForAllWhoMeet) {
  EXPECT_THAT(faultOf([](Gpu gpu, const None &) {
                gpu.barrier(1, 1, gpu.tid() < 32 ? 64 : 0);
              }),
              HasSubstr("expects threads that meet at barrier 1 to agree on "
                        "its size, but one says 64 threads and another one all "
                        "threads"));
}

uint32_t reduceAt(Gpu gpu, uint32_t reduction, uint32_t value) {
  return gpu.calls().barrier_reduce(gpu.self, 0, 0, reduction, value, 5);
}

TEST(EmulatedBarrier, Reduces) {
  auto body = [](Gpu gpu, uint32_t *const &out) {
    uint32_t i = gpu.tid();
    uint32_t results[] = {
        reduceAt(gpu, MOELORA_EMULATOR_REDUCE_COUNT, i % 3 == 0 ? 8 : 0),
        reduceAt(gpu, MOELORA_EMULATOR_REDUCE_AND, i < 95),
        reduceAt(gpu, MOELORA_EMULATOR_REDUCE_AND, 1),
        reduceAt(gpu, MOELORA_EMULATOR_REDUCE_OR, i == 95),
        reduceAt(gpu, MOELORA_EMULATOR_REDUCE_OR, 0)};
    for (uint32_t j = 0; j < 5; ++j)
      gpu.store(&out[i * 5 + j], results[j], 6);
  };
  for (const char *options : schedules) {
    Emulator emulator(options);
    auto *out = emulator.allocate<uint32_t>(96 * 5);
    EXPECT_EQ(emulator.launch<uint32_t *>(body, {1, 96, 0}, out).fault, "");
    std::vector<uint32_t> results = emulator.download(out, 96 * 5);
    for (uint32_t i = 0; i < 96; ++i)
      EXPECT_THAT(std::vector<uint32_t>(&results[i * 5], &results[i * 5] + 5),
                  testing::ElementsAre(32, 0, 1, 1, 0));
  }
}

TEST(EmulatedBarrier, ThatReducesIsNotMixedWithOthers) {
  EXPECT_THAT(faultOf([](Gpu gpu, const None &) {
                if (gpu.tid() < 32)
                  gpu.barrier(1);
                else
                  reduceAt(gpu, MOELORA_EMULATOR_REDUCE_OR, 1);
              }),
              HasSubstr("to agree on what it computes, but they do not"));
  EXPECT_THAT(faultOf([](Gpu gpu, const None &) {
                reduceAt(gpu, MOELORA_EMULATOR_REDUCE_ADD, 1);
              }),
              HasSubstr("expects a barrier to compute AND, OR or COUNT, but it "
                        "is asked for reduction 0"));
}

} // namespace
