// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Asynchronous copies, as cp.async defines them.

#include "Copier.h"

using namespace moelora;
using namespace moelora::test;

namespace {

TEST_P(EmulatedCopies, ArriveWhenTheyAreWaitedFor) {
  EXPECT_EQ(faultOf([](Gpu gpu, const Buffers &test) {
              Copier copier{gpu};
              copier.copy(0, test.in, 16, 16);
              copier.copy(16, test.in + 4, 8, 8);
              copier.copy(24, test.in + 6, 4, 4);
              copier.commit();
              copier.wait(0);
              for (uint32_t i = 0; i < 7; ++i)
                gpu.store(&test.out[i], gpu.loadShared<uint32_t>(i * 4, 4), 5);
            }),
            "");
  EXPECT_THAT(out(7), testing::ElementsAre(1, 2, 3, 4, 5, 6, 7));
}

/// The bytes after the source are zero. A source of no bytes need not be valid.
TEST_P(EmulatedCopies, FillTheRestWithZeros) {
  EXPECT_EQ(faultOf([](Gpu gpu, const Buffers &test) {
              Copier copier{gpu};
              copier.copy(0, test.in, 16, 6);
              copier.copy(16, nullptr, 16, 0);
              copier.waitAll();
              for (uint32_t i = 0; i < 8; ++i)
                gpu.store(&test.out[i], gpu.loadShared<uint32_t>(i * 4, 4), 5);
            }),
            "");
  EXPECT_THAT(out(8), testing::ElementsAre(1, 2, 0, 0, 0, 0, 0, 0));
}

/// In a ring of two stages, a wait is for all groups but the last one.
TEST_P(EmulatedCopies, ArriveInGroups) {
  EXPECT_EQ(faultOf([](Gpu gpu, const Buffers &test) {
              Copier copier{gpu};
              copier.copy(0, test.in, 16, 16);
              copier.commit();
              for (uint32_t i = 1; i <= 8; ++i) {
                if (i < 8)
                  copier.copy(i % 2 * 16, test.in + 4 * i, 16, 16);
                copier.commit(); // the last group is empty
                copier.wait(1);
                uint32_t at = (i - 1) % 2 * 16;
                gpu.store(&test.out[i - 1], gpu.loadShared<uint32_t>(at, 4), 5);
              }
            }),
            "");
  EXPECT_THAT(out(8), testing::ElementsAre(1, 5, 9, 13, 17, 21, 25, 29));
}

INSTANTIATE_TEST_SUITE_P(On, EmulatedCopies, everySchedule());

/// Without checks, a missing wait is no fault, but the kernel loads 0xFF.
TEST(EmulatedCopiesWithoutChecks, ArriveAsLateAsTheyMay) {
  Emulator emulator("checks=off");
  std::vector<uint32_t> in = {1, 2, 3, 4};
  Buffers test = {emulator.upload(in), emulator.allocate<uint32_t>(1)};
  auto body = [](Gpu gpu, const Buffers &test) {
    Copier copier{gpu};
    copier.copy(0, test.in, 16, 16);
    gpu.store(test.out, gpu.loadShared<uint32_t>(0, loadSite), 5);
    copier.waitAll();
  };
  EXPECT_EQ(emulator.launch<Buffers>(body, {1, 1, 16}, test).fault, "");
  EXPECT_EQ(emulator.download(test.out, 1)[0], UINT32_MAX);
}

/// In the random schedule, some copies arrive before the wait, and some do not.
TEST(EmulatedCopiesWithoutChecks, ArriveEarlyAtRandom) {
  size_t early = 0;
  constexpr size_t seeds = 64;
  for (size_t seed = 0; seed < seeds; ++seed) {
    Emulator emulator(
        ("checks=off,schedule=random,seed=" + std::to_string(seed)).c_str());
    std::vector<uint32_t> in = {1, 2, 3, 4};
    Buffers test = {emulator.upload(in), emulator.allocate<uint32_t>(1)};
    auto body = [](Gpu gpu, const Buffers &test) {
      Copier{gpu}.copy(0, test.in, 16, 16);
      gpu.store(test.out, gpu.loadShared<uint32_t>(0, loadSite), 5);
      Copier{gpu}.waitAll();
    };
    emulator.launch<Buffers>(body, {1, 1, 16}, test);
    early += emulator.download(test.out, 1)[0] == 1;
  }
  EXPECT_GT(early, seeds / 8);
  EXPECT_LT(early, seeds - seeds / 8);
}

} // namespace
