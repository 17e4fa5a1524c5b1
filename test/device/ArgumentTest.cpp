// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arguments that every device refuses: required ones that are NULL.

#include "Devices.h"

#include <functional>

using namespace moelora;
using namespace moelora::test;

namespace {

class Arguments : public Devices {
protected:
  void expectInvalid(std::vector<std::function<void()>> calls) {
    for (size_t i = 0; i < calls.size(); ++i) {
      moelora_status status = MOELORA_OK;
      EXPECT_THAT(failureOf(calls[i], &status),
                  testing::MatchesRegex("expects .*, but it is NULL"))
          << i;
      EXPECT_EQ(status, MOELORA_INVALID) << i;
    }
  }
  template <typename Function, typename... Values>
  auto calling(Function function, Values... values) {
    return [this, function, values...] { call(*device, function, values...); };
  }
  static constexpr std::nullptr_t none = nullptr;
};

using D = moelora_device;

TEST_P(Arguments, OfMemoryAreThere) {
  char byte = 0;
  expectInvalid({
      calling(&D::allocate, uint64_t(8), none),
      calling(&D::allocate_host, uint64_t(8), none),
      calling(&D::copy, none, none, &byte, uint64_t(1)),
      calling(&D::copy, none, &byte, none, uint64_t(1)),
      calling(&D::store, none, none, uint64_t(1)),
  });
}

TEST_P(Arguments, OfStreamsAndEventsAreThere) {
  Event event(*device);
  int32_t state = 0;
  uint64_t id = 0;
  expectInvalid({
      calling(&D::stream_create, none),
      calling(&D::stream_wait, none, none),
      calling(&D::event_create, none),
      calling(&D::event_record, none, none),
      calling(&D::event_state, none, &state),
      calling(&D::event_state, event.get(), none),
      calling(&D::capture, none, none, &id),
      calling(&D::capture, none, &state, none),
      calling(&D::query, int32_t(MOELORA_DEVICE_KIND), none),
  });
}

TEST_P(Arguments, OfKernelsAreThere) {
  moelora_module *module = nullptr;
  moelora_kernel *kernel = nullptr;
  moelora_binary binary = {MOELORA_BINARY_PTX, 0, 1, nullptr};
  moelora_kernel_info info = {"add", 0, 1, 0, 0}, nameless = {};
  auto *there = reinterpret_cast<moelora_module *>(&info);
  expectInvalid({
      calling(&D::module_load, none, &module),
      calling(&D::module_load, &binary, &module),
      calling(&D::kernel_get, none, &info, &kernel),
      calling(&D::kernel_get, there, none, &kernel),
      calling(&D::kernel_get, there, &nameless, &kernel),
      calling(&D::kernel_get, there, &info, none),
      calling(&D::launch, none, none, 1u),
  });
}

TEST_P(Arguments, OfBinariesAreWellFormed) {
  auto refusal = [&](moelora_binary binary) {
    moelora_module *module = nullptr;
    return failureOf([&] { call(*device, &D::module_load, &binary, &module); });
  };
  EXPECT_EQ(refusal({0, 0, 1, "a"}),
            "expects the kind of a binary to be 1 to 5, but it is 0");
  EXPECT_EQ(refusal({6, 0, 1, "a"}),
            "expects the kind of a binary to be 1 to 5, but it is 6");
  EXPECT_EQ(refusal({2, 3, 1, "a"}),
            "expects the field reserved of a binary to be 0, but it is 3");
  EXPECT_EQ(refusal({1, 0, 7, "a"}),
            "expects a binary of kind 1 to have 0 bytes, but it has 7");
  EXPECT_EQ(refusal({5, 0, 7, "a"}),
            "expects a binary of kind 5 to have 0 bytes, but it has 7");
  EXPECT_EQ(refusal({3, 0, 0, "a"}),
            "expects a binary of kind 3 to have at least 1 byte, but it has 0");
  EXPECT_EQ(refusal({2, 0, 2, "abc"}),
            "expects PTX to end in a zero byte that is counted, but byte 1, "
            "the last one, is not 0");
}

TEST_P(Arguments, OfQuestionsAreKnown) {
  int64_t value = 0;
  moelora_status status = MOELORA_OK;
  EXPECT_EQ(failureOf([&] { call(*device, &D::query, 77, &value); }, &status),
            "the device knows no value of key 77");
  EXPECT_EQ(status, MOELORA_NOT_FOUND);
}

TEST_P(Arguments, MayBeNothingToGiveBack) {
  device->release(device->context, nullptr, 8);
  device->release_host(device->context, nullptr, 8);
  device->stream_destroy(device->context, nullptr);
  device->event_destroy(device->context, nullptr);
  device->module_unload(device->context, nullptr);
}

INSTANTIATE_TEST_SUITE_P(On, Arguments, everyDevice(), nameOfDevice);

} // namespace
