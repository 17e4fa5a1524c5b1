// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Faults of asynchronous copies.

#include "Copier.h"

using namespace moelora;
using namespace moelora::test;
using testing::HasSubstr;

namespace {

class EmulatedCopyFaults : public EmulatedCopies {};

/// A thread waits for its own groups, and not for those of other threads.
TEST_P(EmulatedCopyFaults, AreWaitedForByTheirThreadAlone) {
  EXPECT_THAT(faultOf(
                  [](Gpu gpu, const Buffers &test) {
                    Copier copier{gpu};
                    if (gpu.tid() == 0)
                      copier.copy(0, test.in, 16, 16);
                    copier.commit();
                    if (gpu.tid() == 1)
                      copier.wait(0);
                    gpu.warpBarrier(6, 3);
                    if (gpu.tid() == 1)
                      gpu.loadShared<uint32_t>(0, loadSite);
                    gpu.warpBarrier(6, 3);
                    copier.wait(0);
                  },
                  2),
              HasSubstr("thread (1, 0, 0), op4 at k.mlir:4: expects bytes that "
                        "are there, but an asynchronous copy is still writing "
                        "those at offset 0 of shared memory"));
}

TEST_P(EmulatedCopyFaults, AreNotThereBefore) {
  constexpr auto waitsTooLittle = [](Gpu gpu, const Buffers &test) {
    Copier copier{gpu};
    copier.copy(0, test.in, 16, 16);
    copier.commit();
    copier.wait(1);
    gpu.store(test.out, gpu.loadShared<uint32_t>(12, loadSite), 5);
    copier.wait(0);
  };
  EXPECT_THAT(faultOf(waitsTooLittle),
              HasSubstr("op4 at k.mlir:4: expects bytes that are there, but an "
                        "asynchronous copy is still writing those at offset 12 "
                        "of shared memory"));
}

TEST_P(EmulatedCopyFaults, AreNotInAGroupBeforeItIsCommitted) {
  EXPECT_THAT(faultOf([](Gpu gpu, const Buffers &test) {
                Copier copier{gpu};
                copier.copy(0, test.in, 16, 16);
                copier.wait(0);
                gpu.loadShared<uint32_t>(0, loadSite);
              }),
              HasSubstr("an asynchronous copy is still writing"));
}

TEST_P(EmulatedCopyFaults, AreNotStoredTo) {
  EXPECT_THAT(faultOf([](Gpu gpu, const Buffers &test) {
                Copier{gpu}.copy(0, test.in, 16, 16);
                gpu.storeShared<char>(15, 0, loadSite);
              }),
              HasSubstr("those at offset 12 of shared memory"));
  EXPECT_THAT(faultOf([](Gpu gpu, const Buffers &test) {
                Copier{gpu}.copy(0, test.in, 16, 16);
                Copier{gpu}.copy(8, test.in, 8, 8);
              }),
              HasSubstr("those at offset 8 of shared memory"));
}

TEST_P(EmulatedCopyFaults, AreWaitedForBeforeTheirThreadExits) {
  EXPECT_THAT(faultOf([](Gpu gpu, const Buffers &test) {
                Copier{gpu}.copy(0, test.in, 16, 16);
                Copier{gpu}.commit();
              }),
              HasSubstr("op1 at k.mlir:1: expects an asynchronous copy to be "
                        "waited for before its thread exits, but it is not"));
}

TEST_P(EmulatedCopyFaults, StayWithinTheirMemory) {
  EXPECT_THAT(faultOf([](Gpu gpu, const Buffers &test) {
                Copier{gpu}.copy(8, test.in, 16, 16);
              }),
              HasSubstr("expects an address at a multiple of 16, but it is 8 "
                        "beyond one"));
  EXPECT_THAT(faultOf([](Gpu gpu, const Buffers &test) {
                Copier{gpu}.copy(4096, test.in, 16, 16);
              }),
              HasSubstr("expects an access within the 4096 bytes of shared "
                        "memory, but it stores 16 bytes at offset 4096"));
  EXPECT_THAT(faultOf([](Gpu gpu, const Buffers &test) {
                Copier{gpu}.copy(0, test.in + 60, 16, 16);
                Copier{gpu}.copy(16, test.in + 64, 16, 4);
              }),
              HasSubstr("expects an access within the 256 bytes of the "
                        "allocation, but it loads 4 bytes at offset 256"));
  EXPECT_THAT(faultOf([](Gpu gpu, const Buffers &test) {
                Copier{gpu}.copy(0, test.in + 1, 16, 4);
              }),
              HasSubstr("expects an address at a multiple of 16, but it is 4 "
                        "beyond one"));
}

TEST_P(EmulatedCopyFaults, HaveSizesThatTheyCanHave) {
  EXPECT_THAT(faultOf([](Gpu gpu, const Buffers &test) {
                Copier{gpu}.copy(0, test.in, 12, 12);
              }),
              HasSubstr("expects to copy 4, 8 or 16 bytes, but they are 12"));
  EXPECT_THAT(faultOf([](Gpu gpu, const Buffers &test) {
                Copier{gpu}.copy(0, test.in, 8, 9);
              }),
              HasSubstr("expects to read at most the 8 bytes that are copied, "
                        "but they are 9"));
}

INSTANTIATE_TEST_SUITE_P(On, EmulatedCopyFaults, everySchedule());

} // namespace
