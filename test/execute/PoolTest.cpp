// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The thread pool, through parallel_for as generated code calls it.

#include "Services.h"

#include <gmock/gmock.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

using namespace moelora::test;

namespace {

using Body = std::function<void(int64_t task, int64_t worker)>;

class Pool {
public:
  explicit Pool(int32_t threads) {
    moelora_pool *created = nullptr;
    EXPECT_EQ(errorOf(moelora_pool_create, threads, &created), "");
    pool.reset(created);
    moelora_services_init(created, &services);
  }
  void run(int64_t tasks, Body body) const {
    services.parallel_for(
        services.context, tasks,
        [](void *frame, int64_t task, int64_t worker) {
          (*static_cast<Body *>(frame))(task, worker);
        },
        &body);
  }

  std::unique_ptr<moelora_pool, decltype(&moelora_pool_destroy)> pool{
      nullptr, moelora_pool_destroy};
  moelora_services services;
};

/// Notices a task that runs twice, not at all, or on a worker in use.
class Witness {
public:
  Witness(int64_t tasks, int32_t workers) : done(tasks), inUse(workers) {}

  void run(int64_t task, int64_t worker) {
    if (inUse.at(size_t(worker)).exchange(true))
      ++collisions;
    ++done.at(size_t(task));
    inUse[size_t(worker)] = false;
  }
  void expectRight() const {
    EXPECT_EQ(collisions, 0);
    for (const std::atomic<int> &count : done)
      EXPECT_EQ(count, 1);
  }

private:
  std::vector<std::atomic<int>> done;
  std::vector<std::atomic<bool>> inUse;
  std::atomic<int> collisions{0};
};

TEST(Pool, RunsEveryTaskOnceOnDistinctWorkers) {
  Pool pool(4);
  for (int64_t tasks : {0, 1, 2, 3, 7, 1000})
    for (int repeat = 0; repeat < 50; ++repeat) {
      Witness witness(tasks, pool.services.workers);
      pool.run(tasks, [&](int64_t t, int64_t w) { witness.run(t, w); });
      witness.expectRight();
    }
}

TEST(Pool, StartsTasksInAscendingOrder) {
  Pool pool(3);
  std::vector<int64_t> last(3, -1);
  std::atomic<bool> ascending{true};
  pool.run(5000, [&](int64_t task, int64_t worker) {
    if (task <= last[size_t(worker)])
      ascending = false;
    last[size_t(worker)] = task;
  });
  EXPECT_TRUE(ascending);
}

/// A task waits for the next one, so the test ends only with more than one
/// thread.
TEST(Pool, WorkersTakePart) {
  Pool pool(2);
  std::atomic<int> arrived{0};
  pool.run(2, [&](int64_t, int64_t) {
    for (++arrived; arrived < 2;)
      std::this_thread::yield();
  });
  EXPECT_EQ(arrived, 2);
}

TEST(Pool, WakesWorkersThatSleep) {
  Pool pool(2);
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::atomic<int> arrived{0};
    pool.run(2, [&](int64_t, int64_t) {
      for (++arrived; arrived < 2;)
        std::this_thread::yield();
    });
    EXPECT_EQ(arrived, 2);
  }
}

TEST(Pool, ServesManyCallersAtOnce) {
  Pool pool(3);
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 6; ++caller)
    callers.emplace_back([&] {
      for (int repeat = 0; repeat < 300; ++repeat) {
        Witness witness(repeat % 17, pool.services.workers);
        pool.run(repeat % 17, [&](int64_t t, int64_t w) { witness.run(t, w); });
        witness.expectRight();
      }
    });
  for (std::thread &caller : callers)
    caller.join();
}

/// A task that is itself a caller keeps its worker number, so that it may use
/// the scratch of the run around it.
TEST(Pool, NestedCallKeepsItsWorker) {
  Pool pool(3);
  std::atomic<int> inner{0}, moved{0};
  pool.run(20, [&](int64_t, int64_t outer) {
    pool.run(5, [&](int64_t, int64_t worker) {
      ++inner;
      moved += worker != outer;
    });
  });
  EXPECT_EQ(inner, 100);
  EXPECT_EQ(moved, 0);
}

TEST(Pool, ResultsAreVisibleToTheCaller) {
  Pool pool(4);
  std::vector<int64_t> squares(3000);
  for (int round = 0; round < 20; ++round) {
    pool.run(3000, [&](int64_t t, int64_t) { squares[size_t(t)] += t; });
    for (int64_t t = 0; t < 3000; ++t)
      ASSERT_EQ(squares[size_t(t)], t * (round + 1));
  }
}

TEST(Pool, RefusesNumbersOutOfRange) {
  moelora_pool *pool = nullptr;
  EXPECT_EQ(errorOf(moelora_pool_create, -1, &pool),
            "expects the number of threads to be in [0, 1024], but it is -1");
  EXPECT_EQ(errorOf(moelora_pool_create, 1025, &pool),
            "expects the number of threads to be in [0, 1024], but it is 1025");
  EXPECT_EQ(pool, nullptr);
}

TEST(Pool, CountsTheCallerAsAWorker) {
  EXPECT_EQ(moelora_pool_workers(Pool(3).pool.get()), 3);
  EXPECT_GE(moelora_pool_workers(Pool(0).pool.get()), 1);
  EXPECT_EQ(serialServices().workers, 1);
}

} // namespace
