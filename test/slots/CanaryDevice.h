/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The cpu with memory that reveals accesses that are too early or too late: it
 * is initialised with NaN, and freed memory becomes NaN again and is kept for
 * some time. The descriptions at the beginning of an adapter stay readable, so
 * that a late read returns NaN instead of causing a fault.
 */
#ifndef MOELORA_TEST_SLOTS_CANARYDEVICE_H
#define MOELORA_TEST_SLOTS_CANARYDEVICE_H

#include "moelora/runtime/Device.h"

#include <atomic>
#include <deque>
#include <mutex>

namespace moelora::test {

class CanaryDevice {
public:
  /// `eventsPass`: every event is said to have passed.
  explicit CanaryDevice(bool eventsPass);
  ~CanaryDevice();
  CanaryDevice(const CanaryDevice &) = delete;

  const moelora_device *get() const { return &device; }
  /// Bytes at the front of an allocation that are kept when it is released.
  void keepFront(uint64_t bytes) { front = bytes; }
  /// Allocations that have not been released.
  int64_t held() const { return count; }

private:
  struct Released {
    void *memory;
    uint64_t bytes;
  };
  static moelora_status allocate(void *context, uint64_t bytes, void **memory,
                                 moelora_error **error);
  static void release(void *context, void *memory, uint64_t bytes);

  moelora_device device;
  std::atomic<uint64_t> front{0};
  std::atomic<int64_t> count{0};
  std::mutex mutex;
  std::deque<Released> quarantine;
};

} // namespace moelora::test

#endif // MOELORA_TEST_SLOTS_CANARYDEVICE_H
