// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Devices that shared objects provide.

#include "Devices.h"

using namespace moelora;
using namespace moelora::test;

namespace {

std::string plugin(const std::string &options = "") {
  return std::string(PLUGIN_DEVICE) + options;
}

TEST(Plugin, IsOpenedByItsPath) {
  for (std::string options : {"", ":", ":a:b/c"}) {
    const moelora_device *device = nullptr;
    ASSERT_EQ(moelora_device_open(plugin(options).c_str(), &device, nullptr),
              MOELORA_OK);
    EXPECT_EQ(device->name, options.substr(options.empty() ? 0 : 1));
    EXPECT_EQ(moelora_device_close(device, nullptr), MOELORA_OK);
  }
}

TEST(Plugin, MayRefuse) {
  moelora_status status = MOELORA_OK;
  EXPECT_EQ(refusal(plugin(":refuse").c_str(), &status),
            "the plug-in was told to");
  EXPECT_EQ(status, MOELORA_FULL);
}

TEST(Plugin, IsOfThisVersion) {
  EXPECT_EQ(refusal(plugin(":later").c_str()),
            "expects a device of version 2, but it is of version 3");
}

TEST(Plugin, IsAPlugin) {
  moelora_status status = MOELORA_OK;
  EXPECT_EQ(refusal(FAKE_DRIVER, &status),
            "expects the plug-in " FAKE_DRIVER
            " to export moelora_device_plugin, but it does not");
  EXPECT_EQ(status, MOELORA_NOT_FOUND);
}

TEST(Plugin, IsThere) {
  moelora_status status = MOELORA_OK;
  EXPECT_THAT(refusal("/nowhere/lib.so:x", &status),
              testing::StartsWith("there is no such device: cannot open its "
                                  "plug-in /nowhere/lib.so ("));
  EXPECT_EQ(status, MOELORA_NOT_FOUND);
}

/// The emulator's plug-in is searched for in the folder of the runtime's
/// library.
TEST(Plugin, IsFoundBesideTheLibrary) {
  EXPECT_EQ(refusal("emulator:seed=1,checks=off"), "");
  moelora_status status = MOELORA_OK;
  EXPECT_EQ(refusal("emulator:sm_90", &status),
            "expects each of the emulator's options to be NAME=VALUE, but one "
            "is \"sm_90\"");
  EXPECT_EQ(status, MOELORA_INVALID);
}

TEST(Close, IsForDevicesThatAreOpen) {
  moelora_device mine = *moelora_device_cpu();
  moelora_error *error = nullptr;
  EXPECT_EQ(moelora_device_close(&mine, &error), MOELORA_INVALID);
  EXPECT_STREQ(moelora_error_text(error),
               "expects to close a device that is open, but it is not");
  moelora_error_free(error);
  const moelora_device *device = nullptr;
  ASSERT_EQ(moelora_device_open(plugin().c_str(), &device, nullptr),
            MOELORA_OK);
  EXPECT_EQ(moelora_device_close(device, nullptr), MOELORA_OK);
  EXPECT_EQ(moelora_device_close(device, nullptr), MOELORA_INVALID);
}

TEST(Open, NeedsAPlaceForTheDevice) {
  EXPECT_EQ(moelora_device_open("cpu", nullptr, nullptr), MOELORA_INVALID);
}

} // namespace
