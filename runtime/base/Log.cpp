/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The function of a process that receives messages.
 */
#include "base/Log.h"

#include <mutex>

using namespace moelora;

namespace {

struct Listener {
  void (*log)(void *context, int32_t level, const char *text);
  void *context;
};

// Both are initialised before any code of the process runs, and need no
// destructor.
std::mutex mutex;
Listener listener = {nullptr, nullptr};

Listener current() {
  std::lock_guard<std::mutex> lock(mutex);
  return listener;
}

} // namespace

void moelora_set_log(void (*log)(void *context, int32_t level,
                                 const char *text),
                     void *context) {
  std::lock_guard<std::mutex> lock(mutex);
  listener = {log, context};
}

void moelora::tell(moelora_log_level level, const char *text) noexcept {
  // Called without the lock, because it may take any time.
  if (Listener to = current(); to.log)
    to.log(to.context, level, text);
}
