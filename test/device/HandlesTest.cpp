// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Owners of memory and streams, and errors of devices, with a device of the
// test that counts its objects.

#include "Devices.h"

using namespace moelora;
using namespace moelora::test;

namespace {

int given;

moelora_device countingDevice() {
  moelora_device device = *moelora_device_cpu();
  device.allocate = [](void *, uint64_t bytes, void **memory,
                       moelora_error **error) {
    if (bytes > 100)
      return moelora_error_make(error, MOELORA_FULL, "no room in\nthe test");
    ++given;
    return moelora_device_cpu()->allocate(nullptr, bytes, memory, error);
  };
  device.release = [](void *, void *memory, uint64_t bytes) {
    --given;
    moelora_device_cpu()->release(nullptr, memory, bytes);
  };
  device.stream_create = [](void *, moelora_stream **stream,
                            moelora_error **error) {
    ++given;
    return moelora_device_cpu()->stream_create(nullptr, stream, error);
  };
  device.stream_destroy = [](void *, moelora_stream *stream) {
    --given;
    moelora_device_cpu()->stream_destroy(nullptr, stream);
  };
  return device;
}

TEST(Handles, GiveBackWhatTheyHold) {
  moelora_device device = countingDevice();
  {
    DeviceMemory memory(device, 10), nothing;
    Stream stream(device), none;
    EXPECT_EQ(given, 2);
    EXPECT_TRUE(memory && stream);
    EXPECT_FALSE(nothing || none);
    EXPECT_EQ(memory.size(), 10u);
  }
  EXPECT_EQ(given, 0);
}

TEST(Handles, Move) {
  moelora_device device = countingDevice();
  {
    DeviceMemory first(device, 10), second(device, 20);
    char *kept = second.data();
    first = std::move(second);
    EXPECT_EQ(given, 1);
    EXPECT_EQ(first.data(), kept);
    EXPECT_EQ(first.size(), 20u);
    DeviceMemory third(std::move(first));
    EXPECT_EQ(third.data(), kept);
    Stream stream(device), other(std::move(stream));
    EXPECT_FALSE(stream);
    stream = std::move(other);
    EXPECT_TRUE(stream);
    EXPECT_EQ(given, 2);
  }
  EXPECT_EQ(given, 0);
}

TEST(Handles, ThrowWhatTheDeviceAnswers) {
  moelora_device device = countingDevice();
  moelora_status status = MOELORA_OK;
  EXPECT_EQ(failureOf([&] { DeviceMemory(device, 101); }, &status),
            "no room in?the test");
  EXPECT_EQ(status, MOELORA_FULL);
  EXPECT_EQ(given, 0);
}

TEST(Errors, AreMadeWhereSomebodyListens) {
  EXPECT_EQ(moelora_error_make(nullptr, MOELORA_BUSY, "x"), MOELORA_BUSY);
  moelora_error *error = nullptr;
  EXPECT_EQ(moelora_error_make(&error, MOELORA_IO, nullptr), MOELORA_IO);
  ASSERT_NE(error, nullptr);
  EXPECT_STREQ(moelora_error_text(error), "");
  moelora_error_free(error);
}

} // namespace
