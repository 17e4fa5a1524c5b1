// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a step of an engine costs besides its mathematics: a run neither
// allocates nor locks, on no thread, and the lease around it takes one lock
// each way and no memory. All are counted, by standing in for the functions of
// the system.

#include "Counted.h"
#include "SlotTables.h"

#include <cstdlib>
#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>
#include <thread>

using namespace moelora::test;

namespace {

/// The layer of NaiveLayer.c with weights of zero, and two adapters.
struct LaunchPath : testing::Test {
  static constexpr int64_t Tokens = 5;

  LaunchPath() {
    table.add("one");
    table.add("two");
    run.size = sizeof run;
    run.tokens = Tokens;
    run.hidden = hidden.data();
    run.output = output.data();
    run.workspace = workspace.data();
    run.workspace_bytes = 4096;
    run.step = step.step;
    run.stats = &stats;
  }

  LoadedLayer loaded{LAYER_NAIVE};
  TableOf table{loaded.variant().adapters};
  StepOf step{table.table};
  Memory hidden{Tokens * 48 * 2}, output{Tokens * 48 * 2}, workspace{4096};
  std::vector<int32_t> ids = {0, -1, 1, 7, 65536};
  moelora_run_stats stats = {};
  moelora_run run = {};
};

TEST_F(LaunchPath, TheCountersCount) {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  Costs counted = costsOf([&] {
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    std::string text(1000, 'x');
    EXPECT_EQ(text.size(), 1000u);
    void *volatile zeros = std::calloc(3, 5); // or the compiler drops it
    std::free(zeros);
  });
  EXPECT_EQ(counted.allocations, 2);
  EXPECT_EQ(counted.locks, 1);
}

/// Every function that allocates is counted.
TEST_F(LaunchPath, EveryWayToAllocateCounts) {
  void *volatile memory = nullptr; // or the compiler drops it
  auto counts = [&](auto allocate) {
    return costsOf([&] { memory = allocate(); }).allocations;
  };
  auto map = [](auto *mapping) {
    return mapping(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                   0);
  };
  EXPECT_EQ(counts([&] { return map(mmap); }), 1);
  munmap(memory, 4096);
  EXPECT_EQ(counts([&] { return map(mmap64); }), 1);
  munmap(memory, 4096);
  EXPECT_EQ(counts([] { return std::malloc(9); }), 1);
  EXPECT_EQ(counts([&] { return std::realloc(memory, 99); }), 1);
  std::free(memory);
  EXPECT_EQ(counts([] { return memalign(64, 9); }), 1);
  std::free(memory);
  EXPECT_EQ(counts([] { return std::aligned_alloc(64, 64); }), 1);
  std::free(memory);
  EXPECT_EQ(counts([] {
              void *aligned = nullptr;
              EXPECT_EQ(posix_memalign(&aligned, 64, 9), 0);
              return aligned;
            }),
            1);
  std::free(memory);
}

TEST_F(LaunchPath, ThoseOfOtherThreadsToo) {
  Costs counted =
      costsOf([] { std::thread([] { std::free(std::malloc(100)); }).join(); });
  EXPECT_GE(counted.allocations, 2); // the thread, and what it does
}

TEST_F(LaunchPath, ARunNeitherAllocatesNorLocks) {
  BoundLayer bound(LAYER_NAIVE, table.table);
  step.enter();
  moelora_status resolved = MOELORA_INVALID, status = MOELORA_INVALID;
  Costs counted = costsOf([&] {
    resolved = moelora_step_resolve(step.step, nullptr, ids.data(), Tokens,
                                    nullptr, nullptr);
    status = moelora_layer_run(bound.layer, &run, nullptr);
  });
  step.leave();
  EXPECT_EQ(resolved, MOELORA_OK);
  EXPECT_EQ(status, MOELORA_OK);
  EXPECT_EQ(counted.allocations, 0);
  EXPECT_EQ(counted.locks, 0);
}

TEST_F(LaunchPath, AStepTakesOneLockEachWay) {
  moelora_status entered = MOELORA_INVALID, left = MOELORA_INVALID;
  for (int i = 0; i < 2; ++i) { // the first one may allocate an event
    Costs enter = costsOf(
        [&] { entered = moelora_step_enter(step.step, nullptr, nullptr); });
    Costs leave = costsOf(
        [&] { left = moelora_step_leave(step.step, nullptr, nullptr); });
    EXPECT_EQ(entered, MOELORA_OK);
    EXPECT_EQ(left, MOELORA_OK);
    EXPECT_EQ(enter.locks, 1);
    EXPECT_EQ(leave.locks, 1);
    EXPECT_EQ(leave.allocations, 0);
    EXPECT_EQ(i > 0 ? enter.allocations : 0, 0);
  }
}

TEST_F(LaunchPath, ALeaseTakesOneLockEachWay) {
  moelora_lease lease = {};
  moelora_status taken = MOELORA_INVALID, given = MOELORA_INVALID;
  Costs acquire = costsOf([&] {
    taken = moelora_slot_table_acquire(table.table, "two", &lease, nullptr);
  });
  Costs release = costsOf([&] {
    given = moelora_slot_table_release(table.table, &lease, nullptr);
  });
  EXPECT_EQ(taken, MOELORA_OK);
  EXPECT_EQ(given, MOELORA_OK);
  EXPECT_EQ(acquire.allocations + release.allocations, 0);
  EXPECT_EQ(acquire.locks, 1);
  EXPECT_EQ(release.locks, 1);
}

// Waking sleeping workers takes a lock. Nothing else takes a lock or allocates.
TEST_F(LaunchPath, ARunOnAPoolDoesNotAllocate) {
  moelora_pool *pool = nullptr;
  ASSERT_EQ(errorOf(moelora_pool_create, 3, &pool), "");
  moelora_services services;
  moelora_services_init(pool, &services);
  BoundLayer bound(LAYER_NAIVE, table.table, moelora_device_cpu(), &services);
  step.enter();
  step.resolve(ids);
  moelora_status status = MOELORA_INVALID;
  Costs counted =
      costsOf([&] { status = moelora_layer_run(bound.layer, &run, nullptr); });
  step.leave();
  EXPECT_EQ(status, MOELORA_OK);
  EXPECT_EQ(counted.allocations, 0);
  moelora_pool_destroy(pool);
}

// The stream of the cpu has a queue with a lock, which belongs to the device.
// The run adds no further lock, neither when it is enqueued nor when it is
// done.
TEST_F(LaunchPath, ARunOnAStreamDoesNotAllocate) {
  BoundLayer bound(LAYER_NAIVE, table.table);
  const moelora_device *cpu = moelora_device_cpu();
  ASSERT_EQ(cpu->stream_create(cpu->context, &run.on, nullptr), MOELORA_OK);
  step.enter(run.on);
  step.resolve(ids, run.on);
  moelora_status status = MOELORA_OK;
  auto runTwice = [&] {
    for (int i = 0; i < 2 && status == MOELORA_OK; ++i)
      status = moelora_layer_run(bound.layer, &run, nullptr);
    cpu->stream_synchronize(cpu->context, run.on, nullptr);
  };
  runTwice(); // the queue has its memory afterwards
  runTwice();
  Costs counted = costsOf(runTwice);
  step.leave(run.on);
  EXPECT_EQ(status, MOELORA_OK);
  EXPECT_EQ(counted.allocations, 0);
  cpu->stream_destroy(cpu->context, run.on);
}

} // namespace
