/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Adapters without files in a slot table.
 */
#include "Memory.h"
#include "Tables.h"

#include <cstring>
#include <gmock/gmock.h>

using namespace moelora::test;

namespace {

constexpr int rank = 5;

/// Every pair of every layer, each of its own.
Tensors everything() {
  Tensors tensors;
  unsigned seed = 1;
  auto add = [&](int layer, const std::string &module, int64_t in,
                 int64_t out) {
    addPair(tensors, inLayer(layer, "mlp." + module), rank, in, out, ++seed);
  };
  for (int layer : {0, 2}) {
    for (int e = 0; e < experts; ++e) {
      std::string expert = "experts." + std::to_string(e);
      add(layer, expert + ".gate_proj", hidden, intermediate);
      add(layer, expert + ".up_proj", hidden, intermediate);
      add(layer, expert + ".down_proj", intermediate, hidden);
    }
    add(layer, "gate", hidden, experts);
    add(layer, "shared_expert.gate_proj", hidden, sharedSize);
    add(layer, "shared_expert.up_proj", hidden, sharedSize);
    add(layer, "shared_expert.down_proj", sharedSize, hidden);
    add(layer, "shared_expert_gate", hidden, 1);
  }
  return tensors;
}

moelora_adapter *makeDummy(const Model &model) {
  moelora_adapter_target target = model.target();
  moelora_adapter *adapter = nullptr;
  EXPECT_EQ(moelora_adapter_make_dummy(&target, rank, &adapter, nullptr),
            MOELORA_OK);
  return adapter;
}

moelora_slot_cost costOf(const Table &table, const Opened &opened) {
  moelora_slot_cost cost = {};
  EXPECT_EQ(
      moelora_slot_table_estimate(table.table, opened.get(), &cost, nullptr),
      MOELORA_OK);
  return cost;
}

/// Calls `visit` with the place of each pair, and its sizes.
template <typename Visit> void forEachPair(Visit visit) {
  const int64_t sizes[][2] = {{hidden, intermediate}, {hidden, intermediate},
                              {intermediate, hidden}, {hidden, experts},
                              {hidden, sharedSize},   {hidden, sharedSize},
                              {sharedSize, hidden},   {hidden, 1}};
  for (int layer : {0, 2})
    for (int p = 0; p <= MOELORA_SHARED_SCORE; ++p)
      for (int e = 0; e < (p <= MOELORA_DOWN ? experts : 1); ++e)
        visit(layer, p, e, sizes[p][0], sizes[p][1]);
}

std::vector<float> pageOf(const void *address, int64_t size) {
  std::vector<float> values(static_cast<size_t>(MOELORA_PAGE_RANKS * size));
  std::memcpy(values.data(), address, values.size() * sizeof(float));
  return values;
}

} // namespace

TEST(AdapterTable, dummies_cost_what_files_cost) {
  Model model;
  Folder folder;
  writeAdapter(folder, config(rank, 1), everything());
  Opened filed = open(folder, model), dummy;
  ASSERT_EQ(filed.status, MOELORA_OK) << filed.text;
  dummy.adapter.reset(makeDummy(model));
  Table table;
  moelora_slot_cost left = costOf(table, filed), right = costOf(table, dummy);
  EXPECT_EQ(left.bytes, right.bytes);
  EXPECT_EQ(left.index_bytes, right.index_bytes);
  EXPECT_EQ(left.page_bytes, right.page_bytes);
  EXPECT_EQ(left.exact_bytes, right.exact_bytes);
  EXPECT_EQ(left.pages, right.pages);
  EXPECT_GT(left.read_bytes, 0u);
  EXPECT_EQ(right.read_bytes, 0u);
}

TEST(AdapterTable, dummies_are_zeros) {
  Opened dummy;
  dummy.adapter.reset(makeDummy(Model()));
  Table table;
  int32_t id = -1;
  ASSERT_EQ(table.assign("warm-up", dummy, id), MOELORA_OK) << table.text;
  forEachPair([&](int layer, int p, int e, int64_t in, int64_t out) {
    Image image = table.published(0);
    const moelora_pair &pair = image.pairs(layer, p)[e];
    ASSERT_EQ(pair.pages, 1) << layer << p << e;
    EXPECT_EQ(pair.scale, 1);
    EXPECT_EQ(pair.flags, 0);
    EXPECT_THAT(pageOf(image.at(pair.a), in), testing::Each(0.0f));
    EXPECT_THAT(pageOf(image.at(pair.b), out), testing::Each(0.0f));
  });
}

TEST(AdapterTable, memory_replaces_files) {
  Folder folder;
  Tensors tensors = everything(), pushed = tensors;
  writeAdapter(folder, config(rank, 1), tensors);
  for (auto &[name, matrix] : pushed)
    for (float &value : matrix.data)
      value *= -0.5f; // exact
  Opened filed = open(folder, Model());
  Opened held = openMemory(config(rank, 2), describe(pushed));
  ASSERT_EQ(held.status, MOELORA_OK) << held.text;
  Table files, memory;
  int32_t id = -1;
  ASSERT_EQ(files.assign("x", filed, id), MOELORA_OK) << files.text;
  ASSERT_EQ(memory.assign("x", filed, id), MOELORA_OK) << memory.text;
  ASSERT_EQ(memory.replace(id, held), MOELORA_OK) << memory.text;
  forEachPair([&](int layer, int p, int e, int64_t in, int64_t out) {
    Image before = files.published(0), after = memory.published(0);
    const moelora_pair &old = before.pairs(layer, p)[e];
    const moelora_pair &now = after.pairs(layer, p)[e];
    EXPECT_EQ(now.scale, 2 * old.scale);
    auto expectHalf = [&](const void *from, const void *to, int64_t size) {
      std::vector<float> half = pageOf(from, size);
      for (float &value : half)
        value *= -0.5f;
      EXPECT_EQ(half, pageOf(to, size)) << layer << p << e;
    };
    expectHalf(before.at(old.a), after.at(now.a), in);
    expectHalf(before.at(old.b), after.at(now.b), out);
  });
}
