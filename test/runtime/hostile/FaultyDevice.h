/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The cpu as a device of which every function can be told to fail, and which
 * counts what it has given out.
 */
#ifndef MOELORA_TEST_RUNTIME_HOSTILE_FAULTYDEVICE_H
#define MOELORA_TEST_RUNTIME_HOSTILE_FAULTYDEVICE_H

#include "moelora/runtime/Device.h"

#include <atomic>
#include <initializer_list>

namespace moelora::test {

struct FaultyDevice {
  /// `remote`: as a device whose memory the host does not see, and whose
  /// stream NULL is not done on return.
  explicit FaultyDevice(bool remote);
  FaultyDevice(const FaultyDevice &) = delete;

  /// What failed first since `forget`; states of events, which can be asked for
  /// later, only where nothing else did.
  enum Refused { Nothing, Record, State, Other };
  Refused firstRefused() const { return refused; }
  void forget() { refused = Nothing; }
  void refuse(Refused what) {
    for (Refused before : {Nothing, State})
      if (refused.compare_exchange_strong(before, what))
        return;
  }

  /// What has been made and not been given back.
  int64_t live() const {
    return memory + hostMemory + streams + events + modules;
  }

  moelora_device device;
  const moelora_device *inner;
  std::atomic<int64_t> memory{0}, hostMemory{0}, streams{0}, events{0},
      modules{0};

private:
  std::atomic<Refused> refused{Nothing};
};

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_HOSTILE_FAULTYDEVICE_H
