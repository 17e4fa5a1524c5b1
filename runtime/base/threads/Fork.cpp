/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Counts forks in child processes.
 */
#include "base/threads/Fork.h"

#include <atomic>
#include <pthread.h>

namespace {

std::atomic<uint64_t> forks{0};

/// Registered when the library is loaded.
const int asked = ::pthread_atfork(nullptr, nullptr, [] { ++forks; });

} // namespace

uint64_t moelora::forksBefore() {
  return forks.load(std::memory_order_relaxed);
}
