// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Races in shared memory. They are found in all schedules.

#include "Emulator.h"

#include <gmock/gmock.h>

using namespace moelora;
using namespace moelora::test;
using testing::HasSubstr;
using testing::MatchesRegex;

namespace {

using None = int;
using Body = void (*)(Gpu, const None &);

std::string faultOf(Body body, uint32_t threads, const char *options) {
  return Emulator(options).launch<None>(body, {1, threads, 4096}, 0).fault;
}

class EmulatedRaces : public testing::TestWithParam<const char *> {
protected:
  std::string faultOf(Body body, uint32_t threads = 64) {
    return ::faultOf(body, threads, GetParam());
  }
};

TEST_P(EmulatedRaces, AreAccessesWithoutABarrier) {
  EXPECT_THAT(
      faultOf([](Gpu gpu, const None &) {
        gpu.storeShared<int>(gpu.tid() * 4, 1, 0);
        gpu.loadShared<int>((gpu.tid() ^ 32) * 4, 1);
      }),
      MatchesRegex("kernel k, block .0, 0, 0., thread .[0-9]+, 0, 0., op[01] "
                   "at k.mlir:[01]: expects accesses to shared memory to be "
                   "ordered, but thread .[0-9]+, 0, 0. (stores to|loads from) "
                   "offset [0-9]+ in op[01] at k.mlir:[01] with no barrier in "
                   "between"));
}

/// The stores of the second round need a barrier after the loads of the first.
TEST_P(EmulatedRaces, AreStoresAfterLoadsToo) {
  EXPECT_THAT(faultOf([](Gpu gpu, const None &) {
                for (int round = 0; round < 2; ++round) {
                  gpu.storeShared<int>(gpu.tid() * 4, round, 0);
                  gpu.barrier(1);
                  gpu.loadShared<int>((gpu.tid() ^ 32) * 4, 2);
                }
              }),
              HasSubstr("to be ordered, but thread"));
}

TEST_P(EmulatedRaces, AreStoresOfTwo) {
  EXPECT_THAT(
      faultOf([](Gpu gpu, const None &) { gpu.storeShared<int>(0, 1, 0); }),
      HasSubstr("to be ordered, but thread"));
}

TEST_P(EmulatedRaces, AreNotOrderedByAWarpBarrierBetweenWarps) {
  Body body = [](Gpu gpu, const None &) {
    uint32_t half = gpu.tid() < 32 ? 0 : 1;
    if (gpu.lane() == 0 && half == 0)
      gpu.storeShared<int>(0, 1, 0);
    gpu.warpBarrier(1);
    if (gpu.lane() == 1)
      gpu.loadShared<int>(0, 2);
  };
  EXPECT_EQ(faultOf(body, 32), "");
  EXPECT_THAT(faultOf(body, 64), HasSubstr("to be ordered, but thread"));
}

/// A shuffle makes lanes wait, but does not order memory by the PTX ISA.
TEST_P(EmulatedRaces, AreNotOrderedByAShuffle) {
  EXPECT_THAT(faultOf(
                  [](Gpu gpu, const None &) {
                    gpu.storeShared<int>(gpu.lane() * 4, 1, 0);
                    gpu.shuffle(0, 1, 0);
                    gpu.loadShared<int>((gpu.lane() ^ 1) * 4, 1);
                  },
                  32),
              HasSubstr("to be ordered, but thread"));
}

TEST_P(EmulatedRaces, OfMatricesNeedAWarpBarrier) {
  EXPECT_THAT(faultOf(
                  [](Gpu gpu, const None &) {
                    uint32_t registers[4];
                    for (uint32_t i = 0; i < 4; ++i)
                      gpu.storeShared<int>(gpu.lane() * 4 + 128 * i, 1, 0);
                    gpu.calls().load_matrix(gpu.self,
                                            gpu.shared(gpu.lane() * 16), 4, 0,
                                            registers, 1);
                  },
                  32),
              HasSubstr("to be ordered, but thread"));
}

TEST_P(EmulatedRaces, AreOfTheSameBytes) {
  EXPECT_EQ(faultOf([](Gpu gpu, const None &) {
              gpu.storeShared<uint16_t>(gpu.tid() * 2, 1, 0);
              gpu.storeShared<char>(1024 + gpu.tid(), 1, 1);
              gpu.barrier(2);
              gpu.loadShared<int>((gpu.tid() / 2 ^ 1) * 4, 3);
              gpu.loadShared<int>(1024 + (gpu.tid() / 4 ^ 1) * 4, 3);
            }),
            "");
  EXPECT_THAT(faultOf([](Gpu gpu, const None &) {
                gpu.storeShared<uint16_t>(gpu.tid() * 2, 1, 0);
                gpu.loadShared<int>((gpu.tid() / 2 ^ 16) * 4, 3);
              }),
              HasSubstr("to be ordered, but thread"));
}

/// All threads load, and then one stores. The loads of all others race with it.
TEST_P(EmulatedRaces, OfManyLoadsAreRemembered) {
  EXPECT_THAT(faultOf(
                  [](Gpu gpu, const None &) {
                    if (gpu.tid() == 77)
                      gpu.storeShared<int>(0, 1, 0);
                    gpu.barrier(1);
                    gpu.loadShared<int>(0, 2);
                    if (gpu.tid() == 5)
                      gpu.storeShared<int>(0, 2, 3);
                  },
                  256),
              HasSubstr("to be ordered, but thread"));
}

INSTANTIATE_TEST_SUITE_P(On, EmulatedRaces,
                         testing::Values("", "schedule=random,seed=3",
                                         "schedule=adversarial,seed=4",
                                         "schedule=adversarial,seed=5"));

TEST(EmulatedRacesWithoutChecks, AreNotLookedFor) {
  EXPECT_EQ(
      faultOf([](Gpu gpu, const None &) { gpu.storeShared<int>(0, 1, 0); }, 64,
              "checks=off"),
      "");
}

} // namespace
