// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A pool that runs one job at a time. A job is open from the moment its fields
// are written until its caller finds no more tasks. Workers join only while it
// is open, and the caller returns only when the last of them has left. A worker
// that sleeps during a short job therefore never delays it.
//
//   gate: 0 .. n        open, n workers have joined
//          closed + n    closed, n on their way out
#ifndef MOELORA_RUNTIME_BASE_POOL_H
#define MOELORA_RUNTIME_BASE_POOL_H

#include "base/threads/Fork.h"
#include "moelora/runtime/Abi.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

struct moelora_pool;

namespace moelora {

/// Waits for a condition on atomics: spins for a moment, then sleeps.
/// Conditions and `wake` use sequentially consistent atomics; with the sleeper
/// count between them, a change is seen either by the one or by the other.
class Parking {
public:
  template <typename Ready> void await(Ready ready);
  /// Must be called after every change for which a thread may wait.
  void wake();

private:
  std::atomic<int32_t> sleepers{0};
  std::mutex mutex;
  std::condition_variable changed;
};

class Pool {
public:
  /// May throw std::system_error if the system cannot create the threads.
  explicit Pool(int32_t workers);
  ~Pool();

  int32_t workers() const { return int32_t(threads.size()) + 1; }
  /// In other processes it has no threads: the caller runs all tasks, and the
  /// pool must not be destroyed.
  bool isOfThisProcess() const { return maker.isThisProcess(); }
  void run(int64_t tasks, moelora_task task, void *frame);

private:
  static constexpr int32_t Closed = 1 << 30;

  void work(int32_t worker);
  void takePart(int32_t worker);
  void leave();
  void drain(int32_t worker);
  void stop();

  const Maker maker;
  // The job. Written only while the gate is closed and no worker has joined.
  moelora_task task = nullptr;
  void *frame = nullptr;
  int64_t tasks = 0;
  alignas(64) std::atomic<int64_t> next{0};
  alignas(64) std::atomic<int32_t> gate{Closed};
  std::atomic<uint32_t> jobs{0};
  std::atomic<bool> busy{false}, stopping{false};
  Parking idle, leaving;
  std::vector<std::thread> threads;
};

/// Fills in parallel_for and the number of workers. If `pool` is NULL, only the
/// calling thread works.
void shareWork(moelora_pool *pool, moelora_services &services);

} // namespace moelora

#endif // MOELORA_RUNTIME_BASE_POOL_H
