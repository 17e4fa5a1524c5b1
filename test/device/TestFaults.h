// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls of the test device that a test makes fail.
#ifndef MOELORA_TEST_DEVICE_TESTFAULTS_H
#define MOELORA_TEST_DEVICE_TESTFAULTS_H

#include "moelora/runtime/Device.h"

#include <array>
#include <atomic>
#include <cstddef>

namespace moelora::test {

/// The functions of a device that return a status.
enum class TestCall {
  Allocate,
  AllocateHost,
  Copy,
  Store,
  StreamCreate,
  StreamSynchronize,
  StreamWait,
  EventCreate,
  EventRecord,
  EventState,
  Capture,
  Query,
  ModuleLoad,
  KernelGet,
  Launch,
};
inline constexpr size_t testCalls = 15;

class TestFaults {
public:
  /// The n-th call from now, from 0, returns `status`, and if `lasting`, so do
  /// all later calls.
  void fail(TestCall call, long n = 0, moelora_status status = MOELORA_IO,
            bool lasting = false) {
    Plan &plan = of(call);
    plan.status = status;
    plan.lasting = lasting;
    plan.at = plan.count + n;
  }
  /// The number of launches in one call that are enqueued before a failure.
  void takeOfLaunches(uint32_t count) { taken = count; }
  /// The device is lost: all calls return this status, events that have not
  /// passed will not pass, and work on streams is not done.
  void lose() { lost = true; }
  /// Nothing fails any more.
  void heal() {
    for (Plan &plan : plans)
      plan.at = -1;
    lost = false;
    taken = 0;
  }

  bool isLost() const { return lost; }
  /// How often it was called.
  long count(TestCall call) const {
    return plans[static_cast<size_t>(call)].count;
  }
  uint32_t launchesTaken() const { return taken; }

  /// Counts a call, and says how it is to end.
  moelora_status next(TestCall call) {
    Plan &plan = of(call);
    long number = plan.count++, at = plan.at;
    bool fails = at >= 0 && (number == at || (plan.lasting && number > at));
    return fails ? plan.status.load() : MOELORA_OK;
  }

private:
  struct Plan {
    std::atomic<long> count{0}, at{-1};
    std::atomic<moelora_status> status{MOELORA_OK};
    std::atomic<bool> lasting{false};
  };
  Plan &of(TestCall call) { return plans[static_cast<size_t>(call)]; }

  std::array<Plan, testCalls> plans;
  std::atomic<bool> lost{false};
  std::atomic<uint32_t> taken{0};
};

} // namespace moelora::test

#endif // MOELORA_TEST_DEVICE_TESTFAULTS_H
