// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The counts of a launch and their report.

#include "Banks.h"
#include "Emulator.h"

#include <gmock/gmock.h>

using namespace moelora;
using namespace moelora::emulator;
using namespace moelora::test;
using testing::HasSubstr;

namespace {

using Words = uint32_t *;

Counts countsOf(void (*body)(Gpu, const Words &), uint32_t blocks = 1,
                const char *options = "") {
  test::Emulator emulator(options);
  Words words = emulator.allocate<uint32_t>(1 << 16);
  Report report = emulator.launch<Words>(body, {blocks, 32, 8192}, words);
  EXPECT_EQ(report.fault, "");
  return report.counts;
}

TEST(EmulatedReport, CountsBytesAndSectors) {
  // 32 adjacent words are 4 sectors. Both thread blocks load the same words.
  Counts counts = countsOf(
      [](Gpu gpu, const Words &words) {
        gpu.load(&words[gpu.tid()], 0);
        gpu.store(&words[64 + gpu.block() * 8 * 32 + gpu.tid() * 8], gpu.tid(),
                  1);
      },
      2);
  EXPECT_EQ(counts.loadBytes, 2u * 32 * 4);
  EXPECT_EQ(counts.loadSectors, 4u);
  EXPECT_EQ(counts.storeBytes, 2u * 32 * 4);
  EXPECT_EQ(counts.storeSectors, 2u * 32);
}

TEST(EmulatedReport, CountsSectorsOfEachLaunch) {
  test::Emulator emulator;
  Words words = emulator.allocate<uint32_t>(64);
  auto body = [](Gpu gpu, const Words &words) { gpu.load(&words[8], 0); };
  for (int i = 0; i < 2; ++i) {
    Report report = emulator.launch<Words>(body, {1, 1, 0}, words);
    EXPECT_EQ(report.counts.loadSectors, 1u);
    EXPECT_EQ(report.number, static_cast<uint64_t>(i));
  }
}

TEST(EmulatedReport, CountsAtomicOperationsAndCopies) {
  Counts counts = countsOf([](Gpu gpu, const Words &words) {
    gpu.atomicAdd(words, 1, 0);
    gpu.calls().copy_async(gpu.self, gpu.shared(gpu.tid() * 16),
                           words + gpu.tid() * 4, 16, 8, 1);
    gpu.calls().copy_wait_all(gpu.self, 2);
    gpu.warpBarrier(3);
  });
  EXPECT_EQ(counts.atomics, 32u);
  EXPECT_EQ(counts.copies, 32u);
  EXPECT_EQ(counts.loadBytes, 32u * 4 + 32u * 8);
  EXPECT_EQ(counts.storeBytes, 32u * 4);
  EXPECT_EQ(counts.sharedStoreBytes, 32u * 16);
  EXPECT_EQ(counts.warpBarriers, 1u);
  EXPECT_EQ(counts.mmas, 0u);
}

TEST(EmulatedReport, CountsLoadsOfWhatNobodyHasWritten) {
  Counts counts = countsOf([](Gpu gpu, const Words &words) {
    gpu.store(&words[gpu.tid()], 1u, 0);
    gpu.load(&words[gpu.tid()], 1);
    gpu.load(&words[32 + gpu.tid()], 1);
    gpu.storeShared<uint16_t>(gpu.tid() * 4, 1, 2);
    gpu.loadShared<uint32_t>(gpu.tid() * 4, 3);
  });
  EXPECT_EQ(counts.unwrittenBytes, 32u * 4 + 32u * 2);
}

TEST(EmulatedReport, CountsCopiesOfWhatNobodyHasWritten) {
  test::Emulator emulator;
  auto *bytes = emulator.allocate<char>(100);
  emulator.machine.copy(bytes + 3, "0123456789", 10);
  emulator.download(bytes + 5, 8);
  EXPECT_EQ(emulator.machine.unwrittenCopied(), 0u);
  emulator.download(bytes, 20);
  EXPECT_EQ(emulator.machine.unwrittenCopied(), 10u);
}

uint32_t conflictsOf(uint32_t bytes, uint32_t (*offset)(uint32_t lane),
                     uint32_t lanes = ~0u) {
  uint32_t offsets[warpLanes];
  for (uint32_t lane = 0; lane < warpLanes; ++lane)
    offsets[lane] = offset(lane);
  return bankConflicts(lanes, offsets, bytes);
}

TEST(EmulatedBanks, ServeAWordOfEachAtOnce) {
  EXPECT_EQ(conflictsOf(4, [](uint32_t lane) { return lane * 4; }), 0u);
  EXPECT_EQ(conflictsOf(4, [](uint32_t) { return 12u; }), 0u); // one word
  EXPECT_EQ(conflictsOf(2, [](uint32_t lane) { return lane * 2; }), 0u);
  EXPECT_EQ(conflictsOf(4, [](uint32_t lane) { return lane * 8; }), 1u);
  EXPECT_EQ(conflictsOf(4, [](uint32_t lane) { return lane * 128; }), 31u);
  EXPECT_EQ(conflictsOf(4, [](uint32_t lane) { return lane * 128; }, 3), 1u);
}

/// With rows of 128 bytes, the lanes of a quarter warp conflict, as in
/// ldmatrix. They do not if the chunks of 16 bytes are permuted by row.
TEST(EmulatedBanks, ServeLongAccessesInParts) {
  EXPECT_EQ(conflictsOf(8, [](uint32_t lane) { return lane * 8; }), 0u);
  EXPECT_EQ(conflictsOf(16, [](uint32_t lane) { return lane * 16; }), 0u);
  EXPECT_EQ(conflictsOf(16, [](uint32_t lane) { return lane * 128; }), 4 * 7u);
  EXPECT_EQ(
      conflictsOf(16, [](uint32_t lane) { return lane * 128 + lane % 8 * 16; }),
      0u);
  EXPECT_EQ(conflictsOf(8, [](uint32_t lane) { return lane * 16; }), 2u);
}

/// The n-th execution of a site by each lane is one access of the warp, also if
/// the lanes run one after another.
TEST(EmulatedBanks, SeeAccessesOfTheWholeWarp) {
  for (const char *options : {"", "schedule=random"}) {
    Counts counts = countsOf(
        [](Gpu gpu, const Words &) {
          for (uint32_t i = 0; i < 3; ++i)
            gpu.storeShared<uint32_t>(gpu.lane() * 8 + i % 2 * 4, i, 0);
          gpu.warpBarrier(1);
          gpu.loadShared<uint32_t>(gpu.lane() * 8, 2);
          gpu.warpBarrier(1);
          if (gpu.lane() < 16)
            gpu.loadShared<uint32_t>(gpu.lane() * 4, 3);
        },
        1, options);
    EXPECT_EQ(counts.bankConflicts, 4u) << options;
  }
}

TEST(EmulatedReport, IsALineOfJson) {
  Report report;
  report.kernel = "a\"b\\c\n";
  report.grid[0] = 7;
  report.counts.mmas = 5;
  report.fault = "it\tfailed";
  std::string json = toJson(report);
  EXPECT_THAT(json, testing::StartsWith("{\"kernel\":\"a\\\"b\\\\c\\n\","
                                        "\"launch\":0,\"grid\":[7,0,0]"));
  EXPECT_THAT(json, HasSubstr("\"mmas\":5,"));
  EXPECT_THAT(json, testing::EndsWith(",\"fault\":\"it\\tfailed\"}"));
  report.fault = "";
  EXPECT_THAT(toJson(report), testing::Not(HasSubstr("fault")));
}

} // namespace
