// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The thread pool that implements parallel_for.

#include "base/threads/Pool.h"

#include <chrono>

using namespace moelora;

namespace {

/// Long enough to bridge the gap between two parallel loops of one layer, short
/// enough not to take a core from an engine's own threads.
constexpr std::chrono::microseconds SpinTime(30);

/// The number of checks of the condition that take about as long as reading the
/// clock.
constexpr int LooksPerClock = 32;

/// The worker number of the current thread, so that a task may call
/// parallel_for.
struct Seat {
  const Pool *pool = nullptr;
  int32_t worker = 0;
};
thread_local Seat seat;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

void runAlone(int64_t tasks, moelora_task task, void *frame, int32_t worker) {
  for (int64_t i = 0; i < tasks; ++i)
    task(frame, i, worker);
}

template <typename Ready> bool spin(Ready ready) {
  auto end = std::chrono::steady_clock::now() + SpinTime;
  do {
    for (int look = 0; look < LooksPerClock; ++look) {
      if (ready())
        return true;
      relax();
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

} // namespace

template <typename Ready> void Parking::await(Ready ready) {
  if (spin(ready))
    return;
  std::unique_lock<std::mutex> lock(mutex);
  ++sleepers;
  changed.wait(lock, ready);
  --sleepers;
}

void Parking::wake() {
  if (sleepers == 0)
    return;
  std::lock_guard<std::mutex> lock(mutex);
  changed.notify_all();
}

Pool::Pool(int32_t workers) {
  threads.reserve(size_t(workers) - 1);
  try {
    for (int32_t worker = 1; worker < workers; ++worker)
      threads.emplace_back([this, worker] { work(worker); });
  } catch (...) {
    stop();
    throw;
  }
}

Pool::~Pool() { stop(); }

void Pool::stop() {
  stopping = true;
  idle.wake();
  for (std::thread &thread : threads)
    thread.join();
}

void Pool::run(int64_t count, moelora_task function, void *data) {
  bool helped = count > 1 && !threads.empty() && isOfThisProcess() &&
                !busy.exchange(true);
  if (!helped)
    return runAlone(count, function, data, seat.pool == this ? seat.worker : 0);
  Seat outer = seat;
  seat = {this, 0};
  task = function;
  frame = data;
  tasks = count;
  next = 0;
  gate -= Closed;
  ++jobs;
  idle.wake();
  drain(0);
  gate += Closed;
  leaving.await([this] { return gate == Closed; });
  seat = outer;
  busy = false;
}

void Pool::drain(int32_t worker) {
  for (int64_t i; (i = next.fetch_add(1)) < tasks;)
    task(frame, i, worker);
}

void Pool::work(int32_t worker) {
  seat = {this, worker};
  for (uint32_t seen = 0; !stopping; seen = jobs) {
    takePart(worker);
    idle.await([&] { return jobs != seen || stopping; });
  }
}

void Pool::takePart(int32_t worker) {
  if (gate.fetch_add(1) < Closed)
    drain(worker);
  leave();
}

void Pool::leave() {
  if (gate.fetch_sub(1) == Closed + 1)
    leaving.wake();
}
