/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * One loader and one table, many threads.
 */
#include "Loads.h"

#include <atomic>
#include <gmock/gmock.h>
#include <random>
#include <thread>

using namespace moelora::test;

namespace {

constexpr unsigned threadCount = 4, rounds = 12, slots = 6;

float valueOfSeed(unsigned seed) {
  return randomMatrix(2, hidden, 2 * seed).data[0];
}

/// An adapter of 18 MiB, so that there is progress before the end.
void writeLarge(const Folder &folder, Model &model) {
  constexpr int64_t size = 2048;
  Tensors tensors;
  for (moelora_adapter_site &site : model.sites) {
    site.hidden = site.intermediate = size;
    for (int e = 0; e < experts; ++e)
      for (const char *name : {".gate_proj", ".up_proj", ".down_proj"}) {
        std::string module = "mlp.experts." + std::to_string(e) + name;
        addPair(tensors, inLayer(site.layer, module), 64, size, size, 3);
      }
  }
  writeAdapter(folder, config(64, 1), tensors);
}

template <typename Body> void inThreads(Body body) {
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < threadCount; ++t)
    threads.emplace_back([=] { body(t); });
  for (std::thread &thread : threads)
    thread.join();
}

} // namespace

TEST(LoaderThreads, progress_in_the_middle) {
  Folder folder;
  Scene scene(2, 2);
  writeLarge(folder, scene.model);
  Target large(scene.model);
  moelora_slot_table_options options = tableOptions(2);
  options.target = large.get();
  Table table(options);
  for (bool cancelled : {true, false}) {
    Gate gate;
    moelora_load_request request = scene.request("x", folder);
    request.table = table.table;
    request.order = MOELORA_STAGING_LAYER_ORDER;
    gate.guard(request);
    Loading loading(scene.loader, request);
    moelora_staging_progress seen = gate.awaitLoad();
    EXPECT_EQ(loading.poll(), MOELORA_BUSY);
    EXPECT_EQ(loading.progress.bytes, seen.bytes);
    EXPECT_LT(seen.bytes, seen.total_bytes);
    EXPECT_LT(seen.layers, 2);
    if (cancelled)
      loading.cancel();
    gate.open();
    EXPECT_EQ(loading.wait(), cancelled ? MOELORA_CANCELLED : MOELORA_OK);
    if (cancelled)
      continue;
    loading.poll();
    EXPECT_EQ(loading.progress.bytes, seen.total_bytes);
    EXPECT_EQ(loading.progress.layers, 2);
  }
}

TEST(LoaderThreads, each_gets_what_it_asked_for) {
  Folder folders[3];
  for (unsigned i = 0; i < 3; ++i)
    writeSmall(folders[i], i + 1);
  Scene scene(slots, 2);
  inThreads([&](unsigned t) {
    for (unsigned i = 0; i < rounds; ++i) {
      unsigned which = (t + i) % 3;
      std::string name = std::to_string(t) + "." + std::to_string(i);
      Loading loading(scene.loader,
                      scene.request(name.c_str(), folders[which]));
      // Adapters without a lease are evicted.
      ASSERT_EQ(loading.wait(), MOELORA_OK) << loading.text;
      moelora_lease lease;
      moelora_status found = moelora_slot_table_acquire(
          scene.table.table, name.c_str(), &lease, nullptr);
      if (found == MOELORA_NOT_FOUND)
        continue; // a load of another thread has evicted it already
      ASSERT_EQ(found, MOELORA_OK);
      EXPECT_EQ(lease.id, loading.id);
      Image image = scene.table.published(scene.table.slotOf(lease.id));
      const void *pages = image.at(image.pairs(0, MOELORA_UP)[1].a);
      EXPECT_EQ(*static_cast<const float *>(pages), valueOfSeed(which + 1));
      EXPECT_EQ(moelora_slot_table_release(scene.table.table, &lease, nullptr),
                MOELORA_OK);
    }
  });
  moelora_slot_table_stats stats = scene.table.stats();
  EXPECT_EQ(stats.loads, uint64_t(threadCount * rounds));
  EXPECT_EQ(stats.evictions, uint64_t(threadCount * rounds - slots));
  EXPECT_EQ(stats.used_slots, int32_t(slots));
}

TEST(LoaderThreads, cancelled_at_any_time) {
  Folder folder;
  writeSmall(folder);
  Scene scene(slots, 2);
  std::atomic<unsigned> done{0};
  inThreads([&](unsigned t) {
    std::mt19937 random(t);
    for (unsigned i = 0; i < 4 * rounds; ++i) {
      std::string name = std::to_string(t) + "." + std::to_string(i);
      Loading loading(scene.loader, scene.request(name.c_str(), folder));
      for (unsigned looks = random() % 64; looks > 0; --looks)
        if (loading.poll() != MOELORA_BUSY)
          break;
      loading.cancel();
      moelora_status status = loading.wait();
      ASSERT_TRUE(status == MOELORA_OK || status == MOELORA_CANCELLED)
          << loading.text;
      done += status == MOELORA_OK;
    }
  });
  EXPECT_EQ(scene.table.stats().loads, done.load());
}

TEST(LoaderThreads, destroyed_with_loads_under_way) {
  Folder folder;
  writeSmall(folder);
  for (unsigned round = 0; round < 20; ++round) {
    Scene scene(slots, 2);
    std::vector<std::unique_ptr<Loading>> loads;
    for (unsigned i = 0; i < slots; ++i)
      loads.push_back(std::make_unique<Loading>(
          scene.loader, scene.request(std::to_string(i).c_str(), folder)));
    if (round % 2)
      loads[round % slots]->wait();
    moelora_loader_destroy(scene.loader.loader);
    scene.loader.loader = nullptr;
    uint64_t done = 0;
    for (const auto &load : loads) {
      moelora_status status = load->poll(); // none is under way any more
      ASSERT_TRUE(status == MOELORA_OK || status == MOELORA_CANCELLED);
      done += status == MOELORA_OK;
    }
    EXPECT_EQ(scene.table.stats().loads, done);
    EXPECT_GE(done, round % 2);
  }
}
