// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The plug-in: the properties of the device, and its loss after a fault.

#include "PluggedDevice.h"

#include <cstdio>
#include <fstream>
#include <functional>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

TEST_F(EmulatedDevice, SaysWhatItIs) {
  open("architecture=86,multiprocessors=7");
  EXPECT_STREQ(device->name, "emulator sm_86");
  EXPECT_EQ(device->host_visible, 0);
  EXPECT_EQ(moelora_device_check(device, nullptr), MOELORA_OK);
  const std::pair<int32_t, int64_t> values[] = {
      {MOELORA_DEVICE_KIND, MOELORA_DEVICE_KIND_EMULATOR},
      {MOELORA_DEVICE_ARCHITECTURE, 86},
      {MOELORA_DEVICE_MULTIPROCESSORS, 7},
      {MOELORA_DEVICE_SHARED_BYTES, 99 << 10},
      {MOELORA_DEVICE_ORDINAL, 0}};
  for (auto [key, expected] : values) {
    int64_t value = -1;
    EXPECT_EQ(call(&moelora_device::query, key, &value), "");
    EXPECT_EQ(value, expected);
  }
}

TEST_F(EmulatedDevice, TakesModulesForIt) {
  open("architecture=80");
  EXPECT_EQ(load(module), "");
  module.architecture = 90;
  EXPECT_EQ(load(module),
            "expects kernels for sm_80 or older, but they are for sm_90");
  EXPECT_EQ(status, MOELORA_UNSUPPORTED);
  module.version = 9;
  EXPECT_THAT(load(module), HasSubstr("but they are for 9 in "));
  moelora_binary ptx = {MOELORA_BINARY_PTX, 0, 1, ""};
  EXPECT_EQ(call(&moelora_device::module_load,
                 static_cast<const moelora_binary *>(&ptx), &loaded),
            "the binary is PTX, which is not for the emulator");
}

TEST_F(EmulatedDevice, RefusesModulesThatAreNotComplete) {
  open();
  moelora_emulated_kernel broken = kernels[0];
  module.kernel = &broken;
  broken.run = nullptr;
  EXPECT_EQ(load(module), "expects the emulated kernel store to have a "
                          "function and its sites, but one of them is NULL");
  broken.name = nullptr;
  EXPECT_EQ(load(module),
            "expects the name of an emulated kernel, but it is NULL");
  module.kernel = nullptr;
  EXPECT_EQ(load(module),
            "expects the kernels of an emulated module, but it is NULL");
}

/// A call that is refused does not end the device.
TEST_F(EmulatedDevice, SurvivesWhatItRefuses) {
  open();
  ASSERT_EQ(load(module), "");
  void *memory = nullptr;
  ASSERT_EQ(call(&moelora_device::allocate, uint64_t(128), &memory), "");
  EXPECT_THAT(launch(nullptr, 32, memory, 228 << 10),
              HasSubstr("the shared memory of a block on sm_90"));
  EXPECT_EQ(status, MOELORA_INVALID);
  char byte = 0;
  EXPECT_THAT(call(&moelora_device::copy,
                   static_cast<moelora_stream *>(nullptr), memory,
                   static_cast<const void *>(&byte), uint64_t(129)),
              HasSubstr("its 129 bytes go beyond one of 128"));
  EXPECT_EQ(launch(nullptr, 32, memory), "");
  device->release(device->context, memory, 128);
}

TEST_F(EmulatedDevice, EndsWithAFault) {
  open();
  ASSERT_EQ(load(module), "");
  moelora_stream *stream = nullptr;
  moelora_event *event = nullptr;
  void *memory = nullptr;
  ASSERT_EQ(call(&moelora_device::stream_create, &stream), "");
  ASSERT_EQ(call(&moelora_device::event_create, &event), "");
  ASSERT_EQ(call(&moelora_device::allocate, uint64_t(128), &memory), "");
  EXPECT_EQ(launch(stream, 33, memory), "");
  const std::string fault =
      "kernel store, block (0, 0, 0), thread (32, 0, 0), llvm.store at "
      "layer.mlir:12:3: expects an access within the 128 bytes of the "
      "allocation, but it stores 4 bytes at offset 128";
  EXPECT_EQ(call(&moelora_device::stream_synchronize, stream), fault);
  EXPECT_EQ(status, MOELORA_DEVICE_LOST);
  int32_t state = 0;
  EXPECT_EQ(call(&moelora_device::event_state, event, &state), "");
  EXPECT_EQ(state, MOELORA_EVENT_FAILED);
  void *more = nullptr;
  const std::function<std::string()> calls[] = {
      [&] { return call(&moelora_device::allocate, uint64_t(8), &more); },
      [&] { return call(&moelora_device::event_record, stream, event); },
      [&] { return call(&moelora_device::stream_create, &stream); },
      [&] { return load(module); },
      [&] {
        return call(&moelora_device::copy, stream, memory,
                    static_cast<const void *>("a"), uint64_t(1));
      }};
  for (const auto &again : calls) {
    EXPECT_EQ(again(), fault);
    EXPECT_EQ(status, MOELORA_DEVICE_LOST);
  }
  device->event_destroy(device->context, event);
  device->stream_destroy(device->context, stream);
  device->release(device->context, memory, 128);
}

/// A launch on a stream returns MOELORA_OK, even if the kernel fails before the
/// call returns.
TEST_F(EmulatedDevice, TakesALaunchThatFailsLater) {
  for (int i = 0; i < 300; ++i) {
    open("checks=off");
    ASSERT_EQ(load(module), "");
    moelora_stream *stream = nullptr;
    ASSERT_EQ(call(&moelora_device::stream_create, &stream), "");
    EXPECT_EQ(launch(stream, 1, nullptr), "");
    EXPECT_NE(call(&moelora_device::stream_synchronize, stream), "");
    device->stream_destroy(device->context, stream);
    EXPECT_EQ(moelora_device_close(device, nullptr), MOELORA_OK);
    device = nullptr;
  }
}

/// A launch without a stream has run when the call returns.
TEST_F(EmulatedDevice, TellsOfAFaultAtOnceWithoutAStream) {
  open();
  ASSERT_EQ(load(module), "");
  EXPECT_THAT(launch(nullptr, 1, nullptr),
              HasSubstr("but it stores 4 bytes at 0x0, where there is none"));
  EXPECT_EQ(status, MOELORA_DEVICE_LOST);
}

TEST_F(EmulatedDevice, ReportsEachLaunch) {
  std::string file = testing::TempDir() + "emulator-report.jsonl";
  std::remove(file.c_str());
  open("report=" + file);
  ASSERT_EQ(load(module), "");
  void *memory = nullptr;
  uint32_t numbers[32];
  ASSERT_EQ(call(&moelora_device::allocate, uint64_t(128), &memory), "");
  ASSERT_EQ(launch(nullptr, 16, memory), "");
  ASSERT_EQ(call(&moelora_device::copy, static_cast<moelora_stream *>(nullptr),
                 static_cast<void *>(numbers),
                 static_cast<const void *>(memory), uint64_t(128)),
            "");
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(numbers[i], i < 16 ? i : UINT32_MAX);
  device->release(device->context, memory, 128);
  std::ifstream in(file);
  std::string first, second;
  ASSERT_TRUE(std::getline(in, first) && std::getline(in, second));
  EXPECT_THAT(first, HasSubstr("{\"kernel\":\"store\",\"launch\":0,\"grid\":"
                               "[1,1,1],\"block\":[16,1,1]"));
  EXPECT_THAT(first, HasSubstr("\"store_bytes\":64,"));
  EXPECT_EQ(second, "{\"copy\":\"to the host\",\"bytes\":128,"
                    "\"unwritten_bytes\":64}");
  std::remove(file.c_str());
}

TEST_F(EmulatedDevice, NeedsAFileThatCanBeWritten) {
  moelora_error *error = nullptr;
  EXPECT_EQ(
      moelora_device_open("emulator:report=/nowhere/report", &device, &error),
      MOELORA_IO);
  EXPECT_STREQ(moelora_error_text(error),
               "expects to write the emulator's report to /nowhere/report, but "
               "the file cannot be opened");
  moelora_error_free(error);
}

} // namespace
