// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Thread blocks of a launch: stores to the same memory, and the order of thread
// blocks through atomic operations.

#include "Emulator.h"

#include <gmock/gmock.h>

#include <cstring>
#include <numeric>

using namespace moelora;
using namespace moelora::test;
using testing::HasSubstr;

namespace {

constexpr const char *schedules[] = {"",
                                     "workers=1",
                                     "schedule=random,seed=1",
                                     "schedule=random,seed=2",
                                     "schedule=adversarial,seed=1",
                                     "schedule=adversarial,seed=2"};

struct Buffers {
  uint32_t *words, *counter;
};
using Body = void (*)(Gpu, const Buffers &);

std::string faultOf(const char *options, Body body, uint32_t blocks = 3) {
  Emulator emulator(options);
  Buffers buffers = {emulator.allocate<uint32_t>(256),
                     emulator.upload<uint32_t>({0})};
  return emulator.launch<Buffers>(body, {blocks, 32, 0}, buffers).fault;
}

TEST(EmulatedBlocks, DoNotStoreDifferentValuesToTheSameBytes) {
  for (const char *options : schedules)
    EXPECT_THAT(faultOf(options,
                        [](Gpu gpu, const Buffers &buffers) {
                          gpu.store(&buffers.words[gpu.tid()], gpu.block(), 4);
                        }),
                HasSubstr("op4 at k.mlir:4: expects blocks of a launch not to "
                          "store different values to the same global memory, "
                          "but another block has stored there"))
        << options;
}

TEST(EmulatedBlocks, MayStoreTheSameValue) {
  for (const char *options : schedules)
    EXPECT_EQ(faultOf(options,
                      [](Gpu gpu, const Buffers &buffers) {
                        gpu.store(&buffers.words[gpu.tid()], gpu.tid(), 4);
                      }),
              "")
        << options;
}

TEST(EmulatedBlocks, MayStoreToNeighbouringBytes) {
  for (const char *options : schedules)
    EXPECT_EQ(faultOf(
                  options,
                  [](Gpu gpu, const Buffers &buffers) {
                    auto *halves = reinterpret_cast<uint16_t *>(buffers.words);
                    uint32_t at = gpu.tid() * 2 + gpu.block();
                    gpu.store(&halves[at], static_cast<uint16_t>(at), 4);
                  },
                  2),
              "")
        << options;
}

/// A launch may store other values than an earlier one.
TEST(EmulatedBlocks, OfDifferentLaunchesAreOrdered) {
  Emulator emulator;
  Buffers buffers = {emulator.allocate<uint32_t>(256), nullptr};
  Body first = [](Gpu gpu, const Buffers &b) {
    gpu.store(b.words, gpu.tid() * 0, 0);
  };
  Body second = [](Gpu gpu, const Buffers &b) {
    if (gpu.block() == 1)
      gpu.store(b.words, gpu.tid() * 0 + 1, 0);
  };
  EXPECT_EQ(emulator.launch<Buffers>(first, {2, 1, 0}, buffers).fault, "");
  EXPECT_EQ(emulator.launch<Buffers>(second, {2, 1, 0}, buffers).fault, "");
}

/// Threads of one thread block may store different values, which may be
/// intended.
TEST(EmulatedBlocks, OrderTheirOwnStores) {
  EXPECT_EQ(faultOf("",
                    [](Gpu gpu, const Buffers &buffers) {
                      gpu.store(buffers.words + gpu.block(), gpu.tid(), 0);
                    }),
            "");
}

struct Reduction {
  const float *in;
  float *partial, *out;
  uint32_t *counter;
};
constexpr uint32_t blocks = 9, threads = 96;

float blockSum(Gpu gpu, float value) {
  auto bits = [](float f) {
    uint32_t u;
    std::memcpy(&u, &f, 4);
    return u;
  };
  for (uint32_t distance = 16; distance; distance /= 2) {
    uint32_t other = gpu.shuffle(MOELORA_EMULATOR_SHUFFLE_DOWN, bits(value),
                                 distance, 31, 0);
    float addend;
    std::memcpy(&addend, &other, 4);
    value += addend;
  }
  if (gpu.lane() == 0)
    gpu.storeShared(gpu.tid() / 32 * 4, value, 1);
  gpu.barrier(2);
  float sum = 0;
  for (uint32_t warp = 0; warp < threads / 32; ++warp)
    sum += gpu.loadShared<float>(warp * 4, 3);
  gpu.barrier(4);
  return sum;
}

/// The thread block that arrives last adds the sums of all blocks in the order
/// of their numbers, and sets the counter to 0.
void lastArrival(Gpu gpu, const Reduction &r) {
  float sum =
      blockSum(gpu, gpu.load(&r.in[gpu.block() * threads + gpu.tid()], 5));
  if (gpu.tid() != 0)
    return;
  gpu.store(&r.partial[gpu.block()], sum, 6);
  gpu.fence(7);
  if (gpu.atomicAdd(r.counter, 1, 8) != blocks - 1)
    return;
  gpu.fence(9);
  float total = 0;
  for (uint32_t i = 0; i < blocks; ++i)
    total += gpu.load(&r.partial[i], 10);
  gpu.store(r.out, total, 11);
  gpu.store(r.counter, 0u, 12);
}

TEST(EmulatedBlocks, ReduceByTheLastOneToArrive) {
  std::vector<float> in(blocks * threads);
  std::iota(in.begin(), in.end(), -100.0f);
  float expected = std::accumulate(in.begin(), in.end(), 0.0f);
  for (const char *options : schedules) {
    Emulator emulator(options);
    Reduction r = {emulator.upload(in), emulator.allocate<float>(blocks),
                   emulator.allocate<float>(1), emulator.upload<uint32_t>({0})};
    // Each launch leaves the counter at 0 for the next one.
    for (int run = 0; run < 3; ++run) {
      moelora::emulator::Report report =
          emulator.launch<Reduction>(lastArrival, {blocks, threads, 64}, r);
      EXPECT_EQ(report.fault, "") << options;
      EXPECT_EQ(report.counts.atomics, blocks);
      EXPECT_EQ(report.counts.barriers, 2 * blocks);
      EXPECT_EQ(report.counts.collectives, 5 * blocks * threads / 32);
      EXPECT_EQ(emulator.download(r.out, 1)[0], expected);
    }
  }
}

} // namespace
