/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls that wait for a device do not hold the lock of acquire and enter.
 */
#include "Tables.h"

#include <atomic>
#include <future>
#include <gmock/gmock.h>
#include <thread>

using namespace moelora::test;

namespace {

/// The cpu as a device that the host does not see, whose copies and waits take
/// until the test lets them go. There is one of them at a time.
class SlowDevice {
public:
  SlowDevice() : device(*moelora_device_cpu()) {
    device.host_visible = device.null_is_done = 0;
    device.copy = [](void *context, moelora_stream *stream, void *to,
                     const void *from, uint64_t bytes, moelora_error **error) {
      wait();
      return cpu().copy(context, stream, to, from, bytes, error);
    };
    device.stream_synchronize = [](void *context, moelora_stream *stream,
                                   moelora_error **error) {
      wait();
      return cpu().stream_synchronize(context, stream, error);
    };
  }

  static void hold() { held = true; }
  static void letGo() { held = false; }
  /// Until a thread waits for the device.
  static void awaitWaiter() {
    while (waiters == 0)
      std::this_thread::yield();
  }

  moelora_device device;

private:
  static const moelora_device &cpu() { return *moelora_device_cpu(); }
  static void wait() {
    ++waiters;
    while (held)
      std::this_thread::yield();
    --waiters;
  }
  static inline std::atomic<bool> held{false};
  static inline std::atomic<int> waiters{0};
};

struct SlotWaits : testing::Test {
  Folder folder;
  Opened adapter = packedAdapter(folder, 2);
  SlowDevice slow;
  Table table{[this] {
    moelora_slot_table_options options = tableOptions(3);
    options.device = &slow.device;
    return options;
  }()};
  Step step{table.table};
  int32_t id = -1;

  void SetUp() override {
    ASSERT_EQ(table.assign("a", adapter, id), MOELORA_OK);
  }
  /// The calls of engines for each batch return while another thread waits.
  void expectToServe() {
    SlowDevice::awaitWaiter();
    std::future<moelora_status> served = std::async([&] {
      moelora_lease lease = {};
      moelora_slot_table_acquire(table.table, "a", &lease, nullptr);
      moelora_step_enter(step.step, nullptr, nullptr);
      moelora_step_leave(step.step, nullptr, nullptr);
      return moelora_slot_table_release(table.table, &lease, nullptr);
    });
    using namespace std::chrono_literals;
    EXPECT_EQ(served.wait_for(10s), std::future_status::ready);
    SlowDevice::letGo();
    EXPECT_EQ(served.get(), MOELORA_OK);
  }
};

} // namespace

TEST_F(SlotWaits, loads_do_not_hold_up_who_serves) {
  SlowDevice::hold();
  std::future<moelora_status> load = std::async([&] {
    int32_t other = -1;
    return moelora_slot_table_assign(table.table, "b", adapter.get(), nullptr,
                                     &other, nullptr);
  });
  expectToServe();
  EXPECT_EQ(load.get(), MOELORA_OK);
}

TEST_F(SlotWaits, replacing_does_not_hold_up_who_serves) {
  SlowDevice::hold();
  std::future<moelora_status> load = std::async([&] {
    return moelora_slot_table_replace(table.table, id, adapter.get(), nullptr,
                                      nullptr, nullptr);
  });
  expectToServe();
  EXPECT_EQ(load.get(), MOELORA_OK);
}

TEST_F(SlotWaits, reading_counters_does_not_hold_up_who_serves) {
  SlowDevice::hold();
  std::future<moelora_status> reading = std::async([&] {
    moelora_slot_table_stats stats = {};
    stats.size = sizeof stats;
    return moelora_slot_table_read_stats(table.table, &stats, nullptr);
  });
  expectToServe();
  EXPECT_EQ(reading.get(), MOELORA_OK);
}

// Evictions and other changes do not wait at all.
TEST_F(SlotWaits, changes_do_not_wait_for_the_device) {
  SlowDevice::hold();
  EXPECT_EQ(table.enable(id, false), MOELORA_OK);
  EXPECT_EQ(table.evict(id), MOELORA_OK);
  SlowDevice::letGo();
}
