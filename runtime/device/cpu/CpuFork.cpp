/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "device/cpu/CpuFork.h"

#include <atomic>
#include <pthread.h>

using namespace moelora;

namespace {

std::atomic<unsigned> forksSoFar{0};

/// A child process counts one more than its parent.
const int registered = ::pthread_atfork(nullptr, nullptr, [] { ++forksSoFar; });

} // namespace

MadeBeforeFork::MadeBeforeFork() : forks(forksSoFar) {}

MadeBeforeFork::operator bool() const { return forks != forksSoFar; }
