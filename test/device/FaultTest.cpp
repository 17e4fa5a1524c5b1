// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A driver that fails at each call of a typical sequence of work: the failure
// is reported, no object is leaked, and the next sequence succeeds.

#include "Devices.h"

using namespace moelora;
using namespace moelora::test;

namespace {

constexpr const char *eventFailed = "the event has failed";

/// Opens, uses and closes a device; throws what fails.
void aDaysWork() {
  const moelora_device *opened = nullptr;
  moelora_error *error = nullptr;
  if (moelora_status status = moelora_device_open("cuda", &opened, &error))
    failWith(status, error);
  auto close = [](const moelora_device *device) {
    EXPECT_EQ(moelora_device_close(device, nullptr), MOELORA_OK);
  };
  std::unique_ptr<const moelora_device, decltype(close)> owned(opened, close);
  const moelora_device &device = *opened;
  Kernel add(device, "add", 50000);
  DeviceMemory memory(device, 56), pinned(device, 56, DeviceMemory::OnHost);
  Stream stream(device), other(device);
  Event event(device);
  auto *at = reinterpret_cast<float *>(memory.data());
  auto *host = reinterpret_cast<float *>(pinned.data());
  const float numbers[] = {1, -2, 3, -4, 10, -20, 30, -40};
  std::copy(numbers, numbers + 8, host + 4);
  call(device, &moelora_device::copy, stream.get(), at + 4, host + 4,
       uint64_t(32));
  add.launch(stream.get(), AddParameters{at, at + 4, at + 8}, 50000);
  call(device, &moelora_device::store, stream.get(),
       reinterpret_cast<uint64_t *>(at + 12), uint64_t(99));
  call(device, &moelora_device::event_record, stream.get(), event.get());
  call(device, &moelora_device::stream_wait, other.get(), event.get());
  call(device, &moelora_device::copy, other.get(), host, at, uint64_t(56));
  call(device, &moelora_device::stream_synchronize, other.get());
  int32_t state = -1;
  call(device, &moelora_device::event_state, event.get(), &state);
  if (state == MOELORA_EVENT_FAILED)
    throw Failure{MOELORA_IO, eventFailed};
  EXPECT_EQ(state, MOELORA_EVENT_PASSED);
  uint64_t stored = 0;
  std::memcpy(&stored, host + 12, sizeof stored);
  EXPECT_EQ(stored, 99u);
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(host[i], numbers[i] + numbers[i + 4]);
}

class Faults : public testing::TestWithParam<std::tuple<bool, int>> {};

TEST_P(Faults, LeaveNothingBehindWhateverCallFails) {
  auto [newDriver, result] = GetParam();
  constexpr int outOfMemory = 2;
  DriverFile file(FAKE_DRIVER);
  fakeDriver().setFeatures(newDriver);
  long refused = 0;
  bool injected = true;
  for (long n = 0; injected; ++n) {
    fakeDriver().failCall(n, result);
    moelora_status status = MOELORA_OK;
    std::string text = failureOf(aDaysWork, &status);
    injected = fakeDriver().callsToFailure() < 0;
    fakeDriver().failCall(-1, 0);
    EXPECT_EQ(fakeDriver().live().all(), 0) << n << ": " << text;
    if (text.empty()) // a call that only queries properties
      continue;
    ++refused;
    if (text == eventFailed)
      continue;
    EXPECT_THAT(text, testing::HasSubstr("the CUDA driver answers FAKE_ERROR_" +
                                         std::to_string(result) +
                                         " (as the test wished) to "));
    if (text.find("no CUDA device") != 0)
      EXPECT_EQ(status, result == outOfMemory ? MOELORA_OUT_OF_MEMORY
                                              : MOELORA_DEVICE_LOST);
    ASSERT_EQ(failureOf(aDaysWork), "");
  }
  EXPECT_GE(refused, 40);
  RecordProperty("refused", static_cast<int>(refused));
}

INSTANTIATE_TEST_SUITE_P(Of, Faults,
                         testing::Combine(testing::Bool(),
                                          testing::Values(2, 719)));

} // namespace
