/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Memory that runs out at each allocation of a load, on any thread: the load
 * reports it, and the next load succeeds. The countdown counts allocations of
 * the whole program, including the loader's threads.
 */
#include "Loads.h"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

using namespace moelora::test;

namespace {

/// Allocations until one fails; negative: none does.
std::atomic<long> remaining{-1};

void *allocate(size_t bytes, size_t alignment = alignof(std::max_align_t)) {
  if (remaining >= 0 && remaining-- == 0)
    throw std::bad_alloc();
  size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  if (void *memory = std::aligned_alloc(alignment, rounded ? rounded : 1))
    return memory;
  throw std::bad_alloc();
}

} // namespace

using Alignment = std::align_val_t;

void *operator new(size_t bytes) { return allocate(bytes); }
void *operator new[](size_t bytes) { return allocate(bytes); }
void *operator new(size_t bytes, Alignment alignment) {
  return allocate(bytes, static_cast<size_t>(alignment));
}
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete[](void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, size_t) noexcept { std::free(memory); }
void operator delete[](void *memory, size_t) noexcept { std::free(memory); }
void operator delete(void *memory, Alignment) noexcept { std::free(memory); }
void operator delete(void *memory, size_t, Alignment) noexcept {
  std::free(memory);
}

namespace {

/// Starts a load and waits for it. One allocation fails, the `failAt`th.
moelora_status load(moelora_loader *loader, const moelora_load_request &request,
                    long failAt, int32_t &id, std::string &text) {
  moelora_load *load = nullptr;
  moelora_error *error = nullptr;
  remaining = failAt;
  moelora_status status = moelora_load_start(loader, &request, &load, &error);
  if (load)
    status = moelora_load_wait(load, -1, &id, &error);
  remaining = -1;
  text = moelora_error_text(error);
  moelora_error_free(error);
  moelora_load_close(load);
  return status;
}

/// Tries all allocations of a load; how many there are.
long failEverywhere(Scene &scene, const moelora_load_request &request,
                    bool anew) {
  int32_t id = -7;
  std::string text;
  for (long failAt = 0;; ++failAt) {
    moelora_slot_table_stats before = scene.table.stats();
    Loader other; // remembers nothing yet
    moelora_loader *loader = anew ? other.loader : scene.loader.loader;
    moelora_status status = load(loader, request, failAt, id, text);
    if (status == MOELORA_OK)
      return failAt;
    EXPECT_EQ(status, MOELORA_OUT_OF_MEMORY) << failAt << text;
    EXPECT_EQ(text, "out of memory") << failAt;
    EXPECT_EQ(id, -7);
    moelora_slot_table_stats after = scene.table.stats();
    EXPECT_EQ(before.held.bytes, after.held.bytes);
    EXPECT_EQ(before.used_slots, after.used_slots);
    EXPECT_EQ(before.loads, after.loads);
  }
}

} // namespace

TEST(LoaderOutOfMemory, of_a_new_adapter) {
  Folder folder;
  writeSmall(folder);
  Scene scene;
  EXPECT_GT(failEverywhere(scene, scene.request("x", folder), true), 60);
  EXPECT_EQ(scene.find("x"), MOELORA_OK);
}

TEST(LoaderOutOfMemory, of_a_remembered_adapter) {
  Folder folder;
  writeSmall(folder);
  Scene scene;
  Opened opened = scene.loader.open(folder.path);
  EXPECT_GT(failEverywhere(scene, scene.request("x", folder), false), 10);
  EXPECT_EQ(scene.find("x"), MOELORA_OK);
}

TEST(LoaderOutOfMemory, of_a_replacement) {
  Folder folder;
  writeSmall(folder);
  Scene scene;
  Loading first(scene.loader, scene.request("x", folder));
  ASSERT_EQ(first.wait(), MOELORA_OK) << first.text;
  moelora_load_request request = scene.request(nullptr, folder);
  request.id = first.id;
  EXPECT_GT(failEverywhere(scene, request, false), 10);
  EXPECT_EQ(scene.table.info(0).version, 1);
}

TEST(LoaderOutOfMemory, of_a_prefetch) {
  Folder folder;
  writeSmall(folder);
  Model model;
  moelora_adapter_target target = model.target();
  for (long failAt = 0; failAt < 200; ++failAt) {
    Loader loader;
    remaining = failAt;
    moelora_status status = moelora_loader_prefetch(
        loader.loader, folder.path.c_str(), &target, nullptr, nullptr);
    EXPECT_TRUE(status == MOELORA_OK || status == MOELORA_OUT_OF_MEMORY);
    moelora_loader_destroy(loader.loader); // waits for it, or cancels it
    remaining = -1;
    loader.loader = nullptr;
  }
}

TEST(LoaderOutOfMemory, of_the_loader) {
  moelora_loader_options options = {sizeof options, 2, 4};
  moelora_loader *loader = nullptr;
  long failAt = -1;
  moelora_status status;
  do {
    remaining = ++failAt;
    status = moelora_loader_create(&options, &loader, nullptr);
    remaining = -1;
    EXPECT_TRUE(status == MOELORA_OK || status == MOELORA_OUT_OF_MEMORY);
  } while (status != MOELORA_OK);
  EXPECT_GT(failAt, 5);
  moelora_loader_destroy(loader);
}
