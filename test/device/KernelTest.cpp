// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels, and the code that they are in.

#include "Devices.h"

using namespace moelora;
using namespace moelora::test;

namespace {

using Kernels = Devices;

TEST_P(Kernels, MayNotAskForMoreSharedMemoryThanThereIs) {
  if (runsHostKernels())
    GTEST_SKIP() << "kernels of the host have no shared memory";
  moelora_status status = MOELORA_OK;
  std::string text =
      failureOf([&] { Kernel(*device, "add", 1 << 30); }, &status);
  EXPECT_EQ(status, MOELORA_INVALID);
  EXPECT_THAT(text, testing::MatchesRegex(
                        "expects a block of the kernel to have at most the "
                        "[0-9]+ bytes of shared memory of the device, but it "
                        "has 1073741824"));
}

TEST_P(Kernels, NeedAModuleThatHoldsTheKernel) {
  if (runsHostKernels())
    GTEST_SKIP() << "kernels of the host have no names";
  moelora_status status = MOELORA_OK;
  EXPECT_EQ(failureOf([&] { Kernel(*device, "subtract"); }, &status),
            "expects the module to hold the kernel \"subtract\", but it does "
            "not");
  EXPECT_EQ(status, MOELORA_NOT_FOUND);
}

TEST_P(Kernels, NeedCode) {
  EXPECT_NE(failureOf([&] { Kernel(*device, "neither PTX nor a cubin", "a"); }),
            "");
}

INSTANTIATE_TEST_SUITE_P(On, Kernels, everyDevice(), nameOfDevice);

} // namespace
