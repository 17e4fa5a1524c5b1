// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a step of an engine costs besides its mathematics: the launch neither
// allocates nor locks, and the lease around it takes one lock each way and no
// memory. Both are counted, by standing in for the functions of the system.

#include "Services.h"

#include "moelora/runtime/Artifact.h"
#include "moelora/runtime/SlotTable.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <pthread.h>

#include <cstdlib>
#include <new>
#include <vector>

using namespace moelora::test;

namespace {

struct Costs {
  int allocations = 0, locks = 0;
};

thread_local Costs costs;

template <typename Function> Function *next(const char *name) {
  return reinterpret_cast<Function *>(dlsym(RTLD_NEXT, name));
}

} // namespace

// operator new ends here too.
extern "C" void *malloc(size_t bytes) {
  static auto *real = next<void *(size_t)>("malloc");
  ++costs.allocations;
  return real(bytes);
}

extern "C" int pthread_mutex_lock(pthread_mutex_t *mutex) noexcept {
  static auto *real = next<int(pthread_mutex_t *)>("pthread_mutex_lock");
  ++costs.locks;
  return real(mutex);
}

namespace {

template <typename Body> Costs costsOf(Body body) {
  Costs before = costs;
  body();
  return {costs.allocations - before.allocations, costs.locks - before.locks};
}

/// The layer of NaiveLayer.c with weights of zero, and two adapters.
struct LaunchPath : testing::Test {
  static constexpr int64_t Tokens = 5;

  void SetUp() override {
    ASSERT_EQ(errorOf(moelora_artifact_load, LAYER_NAIVE, &file), "");
    artifact = moelora_artifact_of(file);
    fillTable();
    fillCall();
  }
  void TearDown() override {
    moelora_slot_table_destroy(table);
    moelora_artifact_close(file);
  }

  void fillTable() {
    moelora_slot_table_options options = {};
    options.slots = artifact->slots;
    options.max_rank = artifact->max_rank;
    options.dtype = artifact->adapter_dtype;
    options.page_order = artifact->page_order;
    ASSERT_EQ(errorOf(moelora_slot_table_create, &options, &table), "");
    const moelora_layer &layer = artifact->layer;
    const char *const experts[] = {"experts", nullptr};
    moelora_adapter_names names = {};
    names.experts = experts;
    moelora_adapter_site site = {};
    site.experts = layer.router.experts;
    site.hidden = layer.hidden;
    site.intermediate = layer.intermediate;
    site.gated = 1;
    site.names = &names;
    moelora_adapter_target target = {&site, 1, 1};
    for (const char *name : {"one", "two"}) {
      moelora_adapter *adapter = nullptr;
      int32_t id = -1;
      ASSERT_EQ(errorOf(moelora_adapter_make_dummy, &target, 20, &adapter), "");
      EXPECT_EQ(errorOf(moelora_slot_table_assign, table, name, adapter,
                        nullptr, &id),
                "");
      moelora_adapter_close(adapter);
    }
    moelora_slot_table_directory(table, 0, &directory);
  }

  void fillCall() {
    call.tokens = Tokens;
    for (int role = 0; role < MOELORA_ROLES; ++role) {
      moelora_buffer &operand = call.operand[role];
      operand =
          moelora_operand_needs(&artifact->layer, moelora_role(role), Tokens);
      storage.emplace_back(operand.bytes);
      operand.data = storage.back().data();
    }
    call.operand[MOELORA_SLOTS].data = ids;
    storage.emplace_back(call.operand[MOELORA_HIDDEN].bytes);
    call.output = storage.back().data();
    call.output_bytes = storage.back().size();
    call.workspace_bytes = artifact->workspace_bytes(Tokens, 4);
    workspace = std::aligned_alloc(64, (call.workspace_bytes + 63) / 64 * 64);
    call.workspace = workspace;
    call.directory = &directory;
    call.services = &services;
    call.stats = &stats;
  }
  ~LaunchPath() override { std::free(workspace); }

  moelora_artifact_file *file = nullptr;
  const moelora_artifact *artifact = nullptr;
  moelora_slot_table *table = nullptr;
  moelora_directory directory = {};
  std::vector<std::vector<char>> storage;
  void *workspace = nullptr;
  int32_t ids[Tokens] = {0, -1, 1, 7, 65536};
  moelora_services services = serialServices();
  moelora_run_stats stats = {};
  moelora_layer_call call = {};
};

TEST_F(LaunchPath, TheCountersCount) {
  Costs counted = costsOf([] {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    std::string text(1000, 'x');
    EXPECT_EQ(text.size(), 1000u);
  });
  EXPECT_EQ(counted.allocations, 1);
  EXPECT_EQ(counted.locks, 1);
}

TEST_F(LaunchPath, ARunNeitherAllocatesNorLocks) {
  moelora_status status = MOELORA_INVALID;
  Costs counted =
      costsOf([&] { status = moelora_layer_run(artifact, &call, nullptr); });
  EXPECT_EQ(status, MOELORA_OK);
  EXPECT_EQ(counted.allocations, 0);
  EXPECT_EQ(counted.locks, 0);
  EXPECT_EQ(stats.masked_slots, 2u); // it did resolve ids
}

TEST_F(LaunchPath, ALeaseTakesOneLockEachWay) {
  moelora_lease lease = {};
  moelora_status taken = MOELORA_INVALID, given = MOELORA_INVALID;
  Costs acquire = costsOf([&] {
    taken = moelora_slot_table_acquire(table, "two", &lease, nullptr);
  });
  Costs release = costsOf([&] {
    given = moelora_slot_table_release(table, &lease, nullptr, nullptr);
  });
  EXPECT_EQ(taken, MOELORA_OK);
  EXPECT_EQ(given, MOELORA_OK);
  EXPECT_EQ(acquire.allocations + release.allocations, 0);
  EXPECT_EQ(acquire.locks, 1);
  EXPECT_EQ(release.locks, 1);
}

// Waking workers that sleep takes a lock; nothing else does, and no memory.
TEST_F(LaunchPath, ARunOnAPoolDoesNotAllocate) {
  moelora_pool *pool = nullptr;
  ASSERT_EQ(errorOf(moelora_pool_create, 3, &pool), "");
  moelora_services_init(pool, &services);
  moelora_status status = MOELORA_INVALID;
  Costs counted =
      costsOf([&] { status = moelora_layer_run(artifact, &call, nullptr); });
  EXPECT_EQ(status, MOELORA_OK);
  EXPECT_EQ(counted.allocations, 0);
  moelora_pool_destroy(pool);
}

} // namespace
