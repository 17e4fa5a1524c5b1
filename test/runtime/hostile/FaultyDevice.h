/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The cpu as a device in which every function can be made to fail, and which
 * counts its objects.
 */
#ifndef MOELORA_TEST_RUNTIME_HOSTILE_FAULTYDEVICE_H
#define MOELORA_TEST_RUNTIME_HOSTILE_FAULTYDEVICE_H

#include "moelora/runtime/Device.h"

#include <atomic>

namespace moelora::test {

struct FaultyDevice {
  /// `remote`: as a device whose memory the host does not see, and whose
  /// stream NULL is not done on return.
  explicit FaultyDevice(bool remote);
  FaultyDevice(const FaultyDevice &) = delete;

  /// The most severe failure since `forget`. States of events are available
  /// later. If an event is not recorded, the caller waits instead, and if that
  /// fails, memory is kept.
  enum Refused { Nothing, State, Record, Wait, Other };
  Refused refused() const {
    Refused now = weightiest;
    return now == Wait ? Other : now;
  }
  void forget() { weightiest = Nothing; }
  void refuse(Refused what) {
    Refused before = weightiest;
    while (what > before && !(before == Record && what == Wait) &&
           !weightiest.compare_exchange_weak(before, what))
      ;
  }

  /// The objects that have been created and not freed.
  int64_t live() const {
    return memory + hostMemory + streams + events + modules;
  }

  moelora_device device;
  const moelora_device *inner;
  std::atomic<int64_t> memory{0}, hostMemory{0}, streams{0}, events{0},
      modules{0};

private:
  std::atomic<Refused> weightiest{Nothing};
};

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_HOSTILE_FAULTYDEVICE_H
