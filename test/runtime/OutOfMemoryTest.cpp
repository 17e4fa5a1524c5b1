/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Memory that runs out at every single allocation of a load: the answer is
 * always OUT_OF_MEMORY, nothing is left behind, and the next load succeeds.
 */
#include "Tables.h"

#include <cstdlib>
#include <new>

using namespace moelora::test;

namespace {

/// Allocations until one fails; negative: none does.
long remaining = -1;

void *allocate(size_t bytes) {
  if (remaining == 0)
    throw std::bad_alloc();
  if (remaining > 0)
    --remaining;
  if (void *memory = std::malloc(bytes ? bytes : 1))
    return memory;
  throw std::bad_alloc();
}

} // namespace

void *operator new(size_t bytes) { return allocate(bytes); }
void *operator new[](size_t bytes) { return allocate(bytes); }
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete[](void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, size_t) noexcept { std::free(memory); }
void operator delete[](void *memory, size_t) noexcept { std::free(memory); }

TEST(OutOfMemory, at_every_allocation_of_a_load) {
  Folder folder;
  Opened good = packedAdapter(folder, 2);
  ASSERT_EQ(good.status, MOELORA_OK) << good.text;
  Model model;
  moelora_adapter_target target = model.target();
  Table table;
  int32_t id = -1;
  auto load = [&](long failAt, moelora_error **error) {
    moelora_adapter *adapter = nullptr;
    remaining = failAt;
    moelora_status status = moelora_adapter_open(
        folder.path.c_str(), &target, MOELORA_LAYOUT_DECIDE, &adapter, error);
    if (status == MOELORA_OK)
      status = moelora_slot_table_assign(table.table, "x", adapter, &id, error);
    remaining = -1;
    moelora_adapter_close(adapter);
    return status;
  };
  long failAt = 0;
  moelora_error *error = nullptr;
  for (; load(failAt, &error) != MOELORA_OK; ++failAt) {
    ASSERT_STREQ(moelora_error_text(error), "out of memory") << failAt;
    moelora_error_free(error);
    ASSERT_EQ(table.entry(0), 0u);
    ASSERT_EQ(moelora_slot_table_bytes(table.table), 0u);
  }
  EXPECT_GT(failAt, 100); // so many were tried
  EXPECT_EQ(id, 0);
  EXPECT_EQ(table.pair(0, 0, MOELORA_DOWN, 1).rank, 2u);
}
