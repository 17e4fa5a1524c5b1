// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks of devices that callers provide.

#include "Devices.h"

#include <cstddef>
#include <set>

using namespace moelora;
using namespace moelora::test;

namespace {

std::string objection(const moelora_device *device) {
  moelora_error *error = nullptr;
  moelora_status status = moelora_device_check(device, &error);
  std::string text = moelora_error_text(error);
  moelora_error_free(error);
  EXPECT_EQ(status, text.empty() ? MOELORA_OK : MOELORA_INVALID);
  return text;
}

TEST(Check, LooksAtTheFieldsOfADevice) {
  EXPECT_EQ(objection(moelora_device_cpu()), "");
  EXPECT_EQ(objection(nullptr), "expects a device, but it is NULL");
  moelora_device device = *moelora_device_cpu();
  device.version = 7;
  EXPECT_EQ(objection(&device),
            "expects a device of version 2, but it is of version 7");
  device = *moelora_device_cpu();
  device.size = 8;
  EXPECT_EQ(objection(&device), "expects the struct of a device to have " +
                                    std::to_string(sizeof device) +
                                    " bytes, but it has 8");
  device = *moelora_device_cpu();
  device.name = nullptr;
  EXPECT_EQ(objection(&device),
            "expects a device to have a name, but it is NULL");
  device = *moelora_device_cpu();
  device.granularity = 0;
  EXPECT_EQ(objection(&device),
            "expects the granularity of a device to be at least 1, but it is "
            "0");
}

/// All between the first one and `close`, which may be NULL.
TEST(Check, MissesEveryFunction) {
  constexpr size_t first = offsetof(moelora_device, allocate);
  constexpr size_t end = offsetof(moelora_device, close);
  std::set<std::string> texts;
  size_t functions = 0;
  for (size_t at = first; at < end; at += sizeof(void *)) {
    moelora_device device = *moelora_device_cpu();
    std::memset(reinterpret_cast<char *>(&device) + at, 0, sizeof(void *));
    std::string text = objection(&device);
    EXPECT_THAT(text, testing::HasSubstr("to have all functions, but "));
    texts.insert(text);
    ++functions;
  }
  EXPECT_EQ(texts.size(), functions);
}

} // namespace
