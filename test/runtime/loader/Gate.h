/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Holds a load in the middle, without waiting for time to pass.
 */
#ifndef MOELORA_TEST_LOADER_GATE_H
#define MOELORA_TEST_LOADER_GATE_H

#include "moelora/runtime/Loader.h"

#include <condition_variable>
#include <mutex>

namespace moelora::test {

/// Progress that does not go on before it is let.
class Gate {
public:
  /// Lets a request wait here.
  void guard(moelora_load_request &request) {
    request.progress = [](void *gate, const moelora_staging_progress *now) {
      return static_cast<Gate *>(gate)->pass(*now);
    };
    request.context = this;
  }

  /// The progress of the load that waits at the gate.
  moelora_staging_progress awaitLoad() {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [this] { return calls > 0; });
    return last;
  }
  /// For good; `answer` is what progress gives to its caller.
  void open(int32_t answer = 0) {
    std::lock_guard<std::mutex> lock(mutex);
    isOpen = true;
    answered = answer;
    changed.notify_all();
  }
  int count() {
    std::lock_guard<std::mutex> lock(mutex);
    return calls;
  }

private:
  int32_t pass(const moelora_staging_progress &now) {
    std::unique_lock<std::mutex> lock(mutex);
    ++calls;
    last = now;
    changed.notify_all();
    changed.wait(lock, [this] { return isOpen; });
    return answered;
  }

  std::mutex mutex;
  std::condition_variable changed;
  moelora_staging_progress last{};
  int calls = 0;
  int32_t answered = 0;
  bool isOpen = false;
};

} // namespace moelora::test

#endif // MOELORA_TEST_LOADER_GATE_H
