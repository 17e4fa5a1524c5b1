// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations of a warp, as the PTX ISA defines them.

#include "Emulator.h"

#include <gmock/gmock.h>

#include <cstring>

#include <algorithm>

using namespace moelora;
using namespace moelora::test;

namespace {

constexpr uint32_t lanes = 32;
/// The pseudo-code of shfl.sync in the PTX ISA.
struct Shuffled {
  int32_t source;
  bool inside;
};
Shuffled shuffledBy(uint32_t mode, int32_t lane, int32_t b, int32_t c) {
  int32_t bval = b & 0x1F, cval = c & 0x1F, mask = c >> 8 & 0x1F;
  int32_t maxLane = (lane & mask) | (cval & ~mask);
  int32_t minLane = lane & mask;
  int32_t j = 0;
  bool pval = false;
  switch (mode) {
  case MOELORA_EMULATOR_SHUFFLE_UP:
    j = lane - bval;
    pval = j >= maxLane;
    break;
  case MOELORA_EMULATOR_SHUFFLE_DOWN:
    j = lane + bval;
    pval = j <= maxLane;
    break;
  case MOELORA_EMULATOR_SHUFFLE_BUTTERFLY:
    j = lane ^ bval;
    pval = j <= maxLane;
    break;
  default:
    j = minLane | (bval & ~mask);
    pval = j <= maxLane;
  }
  return {pval ? j : lane, pval};
}

struct ShuffleCase {
  uint32_t kind, b, c;
  uint32_t *out;
};

void shuffleOnce(Gpu gpu, const ShuffleCase &test) {
  uint32_t inside = 7;
  uint32_t value =
      gpu.calls().shuffle(gpu.self, test.kind, wholeWarp, 100 + gpu.lane(),
                          test.b, test.c, &inside, 0);
  gpu.store(&test.out[gpu.lane() * 2], value, 1);
  gpu.store(&test.out[gpu.lane() * 2 + 1], inside, 1);
}

TEST(EmulatedWarp, ShufflesByEveryKindWidthAndDistance) {
  Emulator emulator;
  auto *out = emulator.allocate<uint32_t>(lanes * 2);
  for (uint32_t kind = 0; kind < 4; ++kind)
    for (uint32_t b : {0, 1, 2, 3, 8, 16, 31, 33})
      for (uint32_t width : {32, 16, 8, 1}) {
        uint32_t clamp = kind == MOELORA_EMULATOR_SHUFFLE_UP ? 0 : 31;
        uint32_t c = (32 - width) << 8 | clamp;
        EXPECT_EQ(
            emulator.launch<ShuffleCase>(shuffleOnce, {}, {kind, b, c, out})
                .fault,
            "");
        std::vector<uint32_t> got = emulator.download(out, lanes * 2);
        for (uint32_t lane = 0; lane < lanes; ++lane) {
          Shuffled expected = shuffledBy(kind, lane, b, c);
          EXPECT_EQ(got[lane * 2], 100u + expected.source);
          EXPECT_EQ(got[lane * 2 + 1], expected.inside);
        }
      }
}

/// The value from a lane that does not take part is undefined in the PTX ISA.
/// The emulator returns 0xFFFFFFFF.
TEST(EmulatedWarp, ShufflesNothingFromLanesThatTakeNoPart) {
  Emulator emulator;
  auto *out = emulator.allocate<uint32_t>(lanes);
  auto body = [](Gpu gpu, uint32_t *const &out) {
    if (gpu.lane() < 16)
      gpu.store(&out[gpu.lane()],
                gpu.calls().shuffle(gpu.self, MOELORA_EMULATOR_SHUFFLE_DOWN,
                                    0xFFFF, gpu.lane(), 8, 31, nullptr, 0),
                1);
  };
  EXPECT_EQ(emulator.launch<uint32_t *>(body, {}, out).fault, "");
  std::vector<uint32_t> got = emulator.download(out, 16);
  for (uint32_t lane = 0; lane < 16; ++lane)
    EXPECT_EQ(got[lane], lane < 8 ? lane + 8 : UINT32_MAX);
}

struct Results {
  uint32_t vote[5], any32, any64, reduced[8];
};

void collect(Gpu gpu, Results *const &out) {
  uint32_t lane = gpu.lane(), mask = lane % 2 ? 0xAAAAAAAA : 0x55555555;
  const moelora_emulator_calls &calls = gpu.calls();
  Results mine;
  auto vote = [&](uint32_t kind, uint32_t value) {
    return calls.vote(gpu.self, kind, mask, value, 2);
  };
  mine.vote[0] = vote(MOELORA_EMULATOR_VOTE_ALL, lane < 31);
  mine.vote[1] = vote(MOELORA_EMULATOR_VOTE_ANY, lane == 31);
  mine.vote[2] = vote(MOELORA_EMULATOR_VOTE_UNIFORM, lane % 2);
  mine.vote[3] = vote(MOELORA_EMULATOR_VOTE_UNIFORM, lane < 2);
  mine.vote[4] = vote(MOELORA_EMULATOR_VOTE_BALLOT, lane < 16);
  uint64_t value = lane / 4 | uint64_t(lane / 8) << 40;
  mine.any32 = calls.match(gpu.self, mask, value & ~uint64_t(1), 32, 3);
  mine.any64 = calls.match(gpu.self, mask, value & ~uint64_t(1), 64, 4);
  for (uint32_t kind = 0; kind < 8; ++kind)
    mine.reduced[kind] =
        calls.reduce(gpu.self, kind, mask, (lane - 5) * 0x01010101, 5);
  for (uint32_t word = 0; word < sizeof mine / 4; ++word) {
    uint32_t bits;
    std::memcpy(&bits, reinterpret_cast<char *>(&mine) + word * 4, 4);
    gpu.store(reinterpret_cast<uint32_t *>(&out[lane]) + word, bits, 6);
  }
}

uint32_t reducedBy(uint32_t kind, uint32_t a, uint32_t b) {
  auto sa = static_cast<int32_t>(a), sb = static_cast<int32_t>(b);
  const uint32_t all[] = {a + b,
                          uint32_t(std::min(sa, sb)),
                          uint32_t(std::max(sa, sb)),
                          std::min(a, b),
                          std::max(a, b),
                          a & b,
                          a | b,
                          a ^ b};
  return all[kind];
}

/// The even and the odd lanes execute the same operations with their own masks.
TEST(EmulatedWarp, VotesMatchesAndReducesWithinItsMask) {
  Emulator emulator("schedule=random");
  auto *out = emulator.allocate<Results>(lanes);
  ASSERT_EQ(emulator.launch<Results *>(collect, {}, out).fault, "");
  std::vector<Results> got = emulator.download(out, lanes);
  for (uint32_t lane = 0; lane < lanes; ++lane) {
    bool odd = lane % 2;
    const Results &mine = got[lane];
    EXPECT_THAT(mine.vote,
                testing::ElementsAre(!odd, odd, 1, 0, odd ? 0xAAAA : 0x5555));
    uint32_t any32 = 0, any64 = 0;
    for (uint32_t other = odd; other < lanes; other += 2) {
      any32 |= uint32_t(other / 8 == lane / 8) << other;
      any64 |= uint32_t(other / 8 == lane / 8) << other;
    }
    EXPECT_EQ(mine.any32, any32);
    EXPECT_EQ(mine.any64, any64);
    for (uint32_t kind = 0; kind < 8; ++kind) {
      uint32_t expected = (uint32_t(odd) - 5) * 0x01010101;
      for (uint32_t other = odd + 2; other < lanes; other += 2)
        expected = reducedBy(kind, expected, (other - 5) * 0x01010101);
      EXPECT_EQ(mine.reduced[kind], expected) << kind;
    }
  }
}

} // namespace
