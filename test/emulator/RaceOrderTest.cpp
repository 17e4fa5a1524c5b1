// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order of accesses to shared memory by waits for asynchronous copies, and
// by fences around atomic operations.

#include "Emulator.h"

#include <gmock/gmock.h>

using namespace moelora;
using namespace moelora::test;
using testing::HasSubstr;

namespace {

using None = int;
using Body = void (*)(Gpu, const None &);

std::string faultOf(Body body, uint32_t threads, const char *options) {
  return Emulator(options).launch<None>(body, {1, threads, 4096}, 0).fault;
}

class EmulatedOrder : public testing::TestWithParam<const char *> {
protected:
  std::string faultOf(Body body, uint32_t threads = 64) {
    return ::faultOf(body, threads, GetParam());
  }
};

/// After its wait, a thread may read its own copy. To read the copies of other
/// threads, it also needs a barrier.
TEST_P(EmulatedOrder, OfCopiesNeedABarrierAfterTheWait) {
  static uint32_t *in;
  Body body = [](Gpu gpu, const None &) {
    gpu.calls().copy_async(gpu.self, gpu.shared(gpu.tid() * 4), in + gpu.tid(),
                           4, 4, 0);
    gpu.calls().copy_wait_all(gpu.self, 1);
    gpu.loadShared<int>(gpu.tid() * 4, 2);
    gpu.barrier(3);
    gpu.loadShared<int>((gpu.tid() ^ 32) * 4, 4);
  };
  Body without = [](Gpu gpu, const None &) {
    gpu.calls().copy_async(gpu.self, gpu.shared(gpu.tid() * 4), in + gpu.tid(),
                           4, 4, 0);
    gpu.calls().copy_wait_all(gpu.self, 1);
    gpu.loadShared<int>((gpu.tid() ^ 32) * 4, 4);
  };
  Emulator emulator(GetParam());
  in = emulator.upload(std::vector<uint32_t>(64, 1));
  EXPECT_EQ(emulator.launch<None>(body, {1, 64, 256}, 0).fault, "");
  EXPECT_NE(emulator.launch<None>(without, {1, 64, 256}, 0).fault, "");
}

/// A copy must not begin while other threads read its destination.
TEST_P(EmulatedOrder, OfCopiesIntoWhatIsRead) {
  static uint32_t *in;
  Body body = [](Gpu gpu, const None &) {
    for (int round = 0; round < 2; ++round) {
      if (gpu.tid() == 0) {
        gpu.calls().copy_async(gpu.self, gpu.shared(0), in, 4, 4, 0);
        gpu.calls().copy_wait_all(gpu.self, 1);
      }
      gpu.barrier(2);
      if (gpu.tid() == 40)
        gpu.loadShared<int>(0, 3);
    }
  };
  Emulator emulator(GetParam());
  in = emulator.upload(std::vector<uint32_t>(64, 1));
  EXPECT_THAT(emulator.launch<None>(body, {1, 64, 256}, 0).fault,
              HasSubstr("to be ordered, but thread"));
}

TEST_P(EmulatedOrder, AreNotAmongAtomicOperations) {
  EXPECT_EQ(faultOf([](Gpu gpu, const None &) {
              if (gpu.tid() == 0)
                gpu.storeShared<uint32_t>(0, 0, 0);
              gpu.barrier(1);
              gpu.atomicAdd(gpu.shared<uint32_t>(0), 1, 2,
                            MOELORA_EMULATOR_SHARED);
              gpu.barrier(3);
              gpu.loadShared<uint32_t>(0, 4);
            }),
            "");
  EXPECT_THAT(faultOf([](Gpu gpu, const None &) {
                gpu.atomicAdd(gpu.shared<uint32_t>(0), 1, 2,
                              MOELORA_EMULATOR_SHARED);
                gpu.loadShared<uint32_t>(0, 4);
              }),
              HasSubstr("to be ordered, but thread"));
}

/// The thread that arrives last reads the values of all threads, with or
/// without fences around the atomic operation.
template <bool fenceBefore, bool fenceAfter>
void lastArrival(Gpu gpu, const None &) {
  if (gpu.tid() == 0)
    gpu.storeShared<uint32_t>(0, 0, 0);
  gpu.barrier(1);
  gpu.storeShared<uint32_t>(4 + gpu.tid() * 4, 1, 2);
  if (fenceBefore)
    gpu.fence(3);
  uint32_t before =
      gpu.atomicAdd(gpu.shared<uint32_t>(0), 1, 4, MOELORA_EMULATOR_SHARED);
  if (before != 63)
    return;
  if (fenceAfter)
    gpu.fence(5);
  for (uint32_t i = 0; i < 64; ++i)
    gpu.loadShared<uint32_t>(4 + i * 4, 6);
}

TEST_P(EmulatedOrder, AreOrderedByFencesAroundAtomicOperations) {
  EXPECT_EQ(faultOf(lastArrival<true, true>), "");
  EXPECT_NE(faultOf(lastArrival<false, true>), "");
  EXPECT_NE(faultOf(lastArrival<true, false>), "");
}

INSTANTIATE_TEST_SUITE_P(On, EmulatedOrder,
                         testing::Values("", "schedule=random,seed=3",
                                         "schedule=adversarial,seed=4",
                                         "schedule=adversarial,seed=5"));

} // namespace
