/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Loads that end with BUSY, which is also the status of unfinished loads: they
 * end nevertheless.
 */
#include "Loads.h"

#include <atomic>
#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

/// Longer than any of these loads takes, to detect a load that never ends.
constexpr int64_t longTime = 20000;

/// The cpu, which takes no stores while it is busy. There is one at a time.
struct BusyDevice {
  BusyDevice() : device(*moelora_device_cpu()) {
    device.store = [](void *context, moelora_stream *stream, uint64_t *to,
                      uint64_t value, moelora_error **error) {
      if (busy)
        return moelora_error_make(error, MOELORA_BUSY, "the device is busy");
      const moelora_device &cpu = *moelora_device_cpu();
      return cpu.store(context, stream, to, value, error);
    };
  }
  static inline std::atomic<bool> busy{false};
  moelora_device device;
};

/// An adapter in a table whose device is busy, and a load that replaces it.
struct LoaderBusy : testing::Test {
  void SetUp() override {
    writeSmall(folder);
    Loading first(scene.loader, on(scene.request("x", folder)));
    ASSERT_EQ(first.wait(), MOELORA_OK) << first.text;
    id = first.id;
    BusyDevice::busy = true;
  }
  void TearDown() override { BusyDevice::busy = false; }
  moelora_load_request on(moelora_load_request request) const {
    request.table = table.table;
    return request;
  }
  moelora_load_request replacing() {
    moelora_load_request request = on(scene.request(nullptr, folder));
    request.id = id;
    return request;
  }

  Folder folder;
  BusyDevice device;
  Table table{[this] {
    moelora_slot_table_options options = tableOptions(2);
    options.device = &device.device;
    return options;
  }()};
  Scene scene; // whose table takes everything
  int32_t id = -1;
};

} // namespace

TEST_F(LoaderBusy, is_an_answer_like_any_other) {
  Loading loading(scene.loader, replacing());
  ASSERT_EQ(loading.wait(longTime), MOELORA_BUSY);
  EXPECT_THAT(loading.text, HasSubstr("the device is busy"));
  EXPECT_EQ(loading.poll(), MOELORA_BUSY);
  EXPECT_THAT(loading.text,
              HasSubstr("the device is busy")); // each time anew
  EXPECT_EQ(loading.wait(-1), MOELORA_BUSY);    // does not wait
  BusyDevice::busy = false;
  EXPECT_EQ(loading.poll(), MOELORA_BUSY); // the result stays the same
  loading.close();
  Loading again(scene.loader, replacing());
  EXPECT_EQ(again.wait(), MOELORA_OK) << again.text;
}

TEST_F(LoaderBusy, is_not_cancelled_any_more) {
  Loading loading(scene.loader, replacing());
  ASSERT_EQ(loading.wait(longTime), MOELORA_BUSY);
  ASSERT_THAT(loading.text, HasSubstr("the device is busy"));
  loading.cancel();
  loading.cancel();
  EXPECT_EQ(loading.poll(), MOELORA_BUSY);
  EXPECT_THAT(loading.text, HasSubstr("the device is busy"));
}

TEST_F(LoaderBusy, does_not_hold_up_what_comes_after) {
  Loading busy(scene.loader, replacing());
  Loading next(scene.loader, scene.request("y", folder));
  EXPECT_EQ(next.wait(longTime), MOELORA_OK) << next.text;
  ASSERT_EQ(busy.wait(longTime), MOELORA_BUSY);
  ASSERT_THAT(busy.text, HasSubstr("the device is busy"));
}
