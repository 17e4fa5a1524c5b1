// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A driver that fails at each call from opening a device to the output of a
// compiled layer, once or from then on: the failure is reported, nothing is
// leaked, and the next run gives the right bits.

#include "CompiledBatch.h"

using namespace moelora;
using namespace moelora::test;
using testing::AnyOf;
using testing::HasSubstr;

namespace {

constexpr int64_t tokens = 2;
constexpr long mostIgnored = 40; // calls whose failure has no effect

/// The output, or the error.
std::string outputOrError(bool &failed) {
  failed = false;
  try {
    return outputOn("cuda", tokens);
  } catch (const host::Error &error) {
    failed = true;
    return error.what();
  }
}

/// A result of the driver, and whether the device is lost with it.
class RunFaults : public testing::TestWithParam<std::pair<int, bool>> {};

TEST_P(RunFaults, AreReportedWhicheverCallFails) {
  const std::string expected = outputOn("emulator", tokens);
  const FakeControl &driver = emulatedDriver();
  auto [result, lost] = GetParam();
  long refused = 0, launches = 0;
  bool failed = true;
  for (long n = 0; failed || n < refused + mostIgnored; ++n) {
    (lost ? driver.loseAtCall : driver.failCall)(n, result);
    std::string text = outputOrError(failed);
    driver.failCall(-1, 0);
    EXPECT_EQ(driver.live().all(), 0) << n << ": " << text;
    if (!failed) { // a call that is not needed
      EXPECT_EQ(text, expected) << n;
      continue;
    }
    ++refused;
    launches += text.find("cuLaunchKernel") != std::string::npos;
    EXPECT_THAT(text, AnyOf(HasSubstr("FAKE_ERROR_" + std::to_string(result)),
                            HasSubstr("expects the module to hold the kernel"),
                            "an event has failed"))
        << n;
  }
  EXPECT_GE(refused, 150);
  EXPECT_GE(launches, 4);
  EXPECT_EQ(outputOn("cuda", tokens), expected);
  RecordProperty("refused", static_cast<int>(refused));
}

constexpr int outOfMemory = 2, notFound = 500, launchFailed = 719;
INSTANTIATE_TEST_SUITE_P(Of, RunFaults,
                         testing::Values(std::pair(outOfMemory, false),
                                         std::pair(notFound, false),
                                         std::pair(launchFailed, true)));

} // namespace
