/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "collectives/Loopback.h"

#include "base/Failure.h"

#include <algorithm>

using namespace moelora;
using namespace moelora::loopback;

/// The caller holds the mutex.
static void expectUsable(const Family &family) {
  if (family.failed)
    fail("the transport is unusable since an error: " + family.error,
         MOELORA_PEER_LOST);
}

void Family::fail(const std::string &text) {
  std::lock_guard<std::mutex> lock(mutex);
  if (!failed)
    error = text;
  failed = true;
  changed.notify_all();
}

std::string Threads::missing() const {
  std::string names;
  for (size_t rank = 0; rank < present.size(); ++rank)
    if (!present[rank])
      names += (names.empty() ? "" : ", ") + std::to_string(rank);
  return names;
}

void Threads::meet(size_t rank, Time deadline) {
  std::unique_lock<std::mutex> lock(family->mutex);
  expectUsable(*family);
  present[rank] = 1;
  if (++arrived == ranks()) {
    arrived = 0;
    std::fill(present.begin(), present.end(), 0);
    ++meetings;
    family->changed.notify_all();
    return;
  }
  uint64_t before = meetings;
  auto over = [&] { return meetings != before || family->failed; };
  if (!family->changed.wait_until(lock, deadline, over))
    moelora::fail("expects all peer ranks to come before the deadline, but " +
                      missing() + " did not",
                  MOELORA_PEER_LOST);
  if (meetings == before)
    expectUsable(*family);
}

void Threads::enter(size_t rank, Call call, Time deadline) {
  {
    std::lock_guard<std::mutex> lock(family->mutex);
    expectUsable(*family);
    calls[rank] = std::move(call);
  }
  meet(rank, deadline);
}

void Threads::beginCopy() {
  std::lock_guard<std::mutex> lock(family->mutex);
  expectUsable(*family);
  ++copying;
}

void Threads::endCopy() {
  std::lock_guard<std::mutex> lock(family->mutex);
  --copying;
  family->changed.notify_all();
}

void Threads::fail(const std::string &text) {
  family->fail(text);
  std::unique_lock<std::mutex> lock(family->mutex);
  family->changed.wait(lock, [&] { return copying == 0; });
}
