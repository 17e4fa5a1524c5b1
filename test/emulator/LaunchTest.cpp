// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Launches: their shapes, the special registers of their threads, and their
// schedules.

#include "Emulator.h"

#include "base/Failure.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <set>

using namespace moelora;
using namespace moelora::test;
using testing::HasSubstr;

namespace {

void nothing(moelora_emulator_thread *, const void *) {}

std::string refusal(std::array<uint32_t, 3> grid, std::array<uint32_t, 3> block,
                    uint32_t shared = 0, const char *options = "",
                    uint32_t parameters = 0) {
  Emulator emulator(options);
  moelora_launch launch = Emulator::launchOf({1, 1, shared}, "", parameters);
  std::copy_n(grid.begin(), 3, launch.grid);
  std::copy_n(block.begin(), 3, launch.block);
  try {
    emulator.machine.checkLaunch(Emulator::kernelOf(nothing, 0), launch);
    return "";
  } catch (const Failure &failure) {
    return failure.text;
  }
}

TEST(EmulatedLaunch, HasASizeThatTheHardwareTakes) {
  EXPECT_EQ(refusal({INT32_MAX, 65535, 65535}, {1, 1, 1}), "");
  EXPECT_EQ(refusal({1u << 31, 1, 1}, {1, 1, 1}),
            "expects the grid's x to be at most 2147483647, but it is "
            "2147483648");
  EXPECT_EQ(refusal({1, 65536, 1}, {1, 1, 1}),
            "expects the grid's y to be at most 65535, but it is 65536");
  EXPECT_EQ(refusal({1, 1, 65536}, {1, 1, 1}),
            "expects the grid's z to be at most 65535, but it is 65536");
  EXPECT_EQ(refusal({1, 1, 1}, {1, 1024, 1}), "");
  EXPECT_EQ(refusal({1, 1, 1}, {1, 1, 65}),
            "expects the block's z to be at most 64, but it is 65");
  EXPECT_EQ(refusal({1, 1, 1}, {1025, 1, 1}),
            "expects the block's x to be at most 1024, but it is 1025");
  EXPECT_EQ(refusal({1, 1, 1}, {32, 32, 2}),
            "expects the number of threads of a block to be at most 1024, but "
            "it is 2048");
}

TEST(EmulatedLaunch, HasTheSharedMemoryOfItsArchitecture) {
  EXPECT_EQ(refusal({1, 1, 1}, {1, 1, 1}, 227 << 10), "");
  EXPECT_EQ(refusal({1, 1, 1}, {1, 1, 1}, (227 << 10) + 1),
            "expects the shared memory of a block on sm_90 to be at most "
            "232448, but it is 232449");
  EXPECT_EQ(refusal({1, 1, 1}, {1, 1, 1}, 100 << 10, "architecture=89"),
            "expects the shared memory of a block on sm_89 to be at most "
            "101376, but it is 102400");
}

TEST(EmulatedLaunch, HasTheParametersOfItsKernel) {
  EXPECT_EQ(refusal({1, 1, 1}, {1, 1, 1}, 0, "", 8),
            "expects the parameters of kernel k to take 0 bytes, but they take "
            "8");
}

constexpr uint32_t grid[3] = {2, 3, 2}, block[3] = {3, 5, 2};

/// Each thread stores its special registers at its index in the output.
void storeRegisters(moelora_emulator_thread *thread, const void *parameters) {
  Gpu gpu{thread};
  auto *out = *static_cast<uint32_t *const *>(parameters);
  uint32_t r[MOELORA_EMULATOR_REGISTERS];
  for (uint32_t i = 0; i < MOELORA_EMULATOR_REGISTERS; ++i)
    r[i] = gpu.calls().special(thread, i);
  uint32_t inBlock = r[0] + 3 * (r[1] + 5 * r[2]);
  uint32_t ofGrid = r[6] + 2 * (r[7] + 3 * r[8]);
  uint32_t place = (ofGrid * 30 + inBlock) * MOELORA_EMULATOR_REGISTERS;
  for (uint32_t i = 0; i < MOELORA_EMULATOR_REGISTERS; ++i)
    gpu.store(&out[place + i], r[i], 0);
}

TEST(EmulatedLaunch, TellsThreadsWhereTheyAre) {
  Emulator emulator("schedule=random");
  constexpr uint32_t all = 12 * 30;
  auto *out = emulator.allocate<uint32_t>(all * MOELORA_EMULATOR_REGISTERS);
  moelora_launch launch = Emulator::launchOf({}, &out, sizeof out);
  std::copy_n(grid, 3, launch.grid);
  std::copy_n(block, 3, launch.block);
  moelora::emulator::Report report = emulator.machine.launch(
      Emulator::kernelOf(storeRegisters, sizeof out), launch);
  EXPECT_EQ(report.fault, "");
  EXPECT_EQ(report.counts.threads, all);
  EXPECT_EQ(report.counts.blocks, 12u);
  std::vector<uint32_t> got =
      emulator.download(out, all * MOELORA_EMULATOR_REGISTERS);
  for (uint32_t i = 0; i < all; ++i) {
    const uint32_t *r = &got[i * MOELORA_EMULATOR_REGISTERS];
    uint32_t b = i / 30, t = i % 30;
    EXPECT_THAT(std::vector<uint32_t>(r, r + MOELORA_EMULATOR_REGISTERS),
                testing::ElementsAre(t % 3, t / 3 % 5, t / 15, 3, 5, 2, b % 2,
                                     b / 2 % 3, b / 6, 2, 3, 2, t));
  }
}

TEST(EmulatedLaunch, NamesTheThreadOfAFault) {
  Emulator emulator("workers=1");
  moelora_launch launch = Emulator::launchOf({}, "", 0);
  std::copy_n(grid, 3, launch.grid);
  std::copy_n(block, 3, launch.block);
  auto fail = [](moelora_emulator_thread *thread, const void *) {
    Gpu gpu{thread};
    if (gpu.block() == 1 && gpu.tid() == 2)
      gpu.store<int>(nullptr, 0, 99);
  };
  EXPECT_THAT(
      emulator.machine.launch(Emulator::kernelOf(fail, 0), launch).fault,
      HasSubstr("kernel k, block (1, 0, 0), thread (2, 0, 0), at site 99, "
                "which the kernel has not: expects an access to memory of the "
                "device, but it stores 4 bytes at 0x0"));
}

/// The order in which threads execute an atomic operation.
std::vector<uint32_t> orderOf(const std::string &options) {
  constexpr uint32_t count = 4 * 64;
  struct Order {
    uint32_t *next, *out;
  };
  Emulator emulator(options.c_str());
  Order order = {emulator.upload<uint32_t>({0}),
                 emulator.allocate<uint32_t>(count)};
  auto body = [](Gpu gpu, const Order &order) {
    gpu.barrier(0);
    uint32_t place = gpu.atomicAdd(order.next, 1, 1);
    gpu.store(&order.out[place], gpu.block() * 64 + gpu.tid(), 2);
  };
  EXPECT_EQ(emulator.launch<Order>(body, {4, 64, 0}, order).fault, "");
  return emulator.download(order.out, count);
}

TEST(EmulatedLaunch, IsTheSameForTheSameSeed) {
  std::set<std::vector<uint32_t>> orders;
  for (const char *schedule : {"round-robin", "random", "adversarial"})
    for (const char *seed : {"1", "2", "3", "4"}) {
      std::string options =
          std::string("workers=1,schedule=") + schedule + ",seed=" + seed;
      std::vector<uint32_t> order = orderOf(options);
      EXPECT_EQ(order, orderOf(options)) << options;
      orders.insert(order);
      std::sort(order.begin(), order.end());
      for (uint32_t i = 0; i < order.size(); ++i)
        EXPECT_EQ(order[i], i);
    }
  // Round robin does not depend on the seed.
  EXPECT_EQ(orders.size(), 9u);
}

/// Round robin runs thread blocks in ascending order. In the random schedule,
/// the order depends on the seed.
TEST(EmulatedLaunch, RunsBlocksInAnOrderOfItsSeed) {
  auto firstBlocks = [](const std::string &options) {
    std::vector<uint32_t> order = orderOf(options), blocks;
    for (uint32_t place : order)
      if (std::find(blocks.begin(), blocks.end(), place / 64) == blocks.end())
        blocks.push_back(place / 64);
    return blocks;
  };
  EXPECT_THAT(firstBlocks("workers=1"), testing::ElementsAre(0, 1, 2, 3));
  std::set<std::vector<uint32_t>> orders;
  for (int seed = 0; seed < 16; ++seed)
    orders.insert(firstBlocks("schedule=random,multiprocessors=1,seed=" +
                              std::to_string(seed)));
  EXPECT_GE(orders.size(), 3u);
}

/// In half of the runs or more, all lanes of one warp execute the atomic
/// operation before any other warp does.
TEST(EmulatedLaunch, LetsOneWarpRunAhead) {
  size_t ahead = 0;
  for (int seed = 0; seed < 16; seed += 2) {
    std::vector<uint32_t> order = orderOf(
        "schedule=adversarial,multiprocessors=1,seed=" + std::to_string(seed));
    std::set<uint32_t> warps;
    for (size_t i = 0; i < 32; ++i)
      warps.insert(order[i] / 32);
    ahead += warps.size() == 1;
  }
  EXPECT_GE(ahead, 4u);
}

} // namespace
