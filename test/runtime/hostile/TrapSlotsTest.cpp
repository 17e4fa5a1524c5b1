/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Typical mistakes of serving engines with slots and ids, and their effect on
 * outputs: no token ever uses the adapter of another tenant.
 */
#include "TrapTable.h"

#include <algorithm>

using namespace moelora::test;

TEST_F(Traps, all_slots_active_beside_base_tokens) {
  std::vector<int32_t> ids = {-1};
  const char *names[] = {"a", "b", "c", "d"};
  for (unsigned i = 0; i < 4; ++i) {
    ids.push_back(load(names[i], tenant(i + 1)));
    ids.push_back(-1);
  }
  std::vector<Row> rows = layer(table, ids);
  for (size_t t = 0; t < ids.size(); ++t) {
    EXPECT_EQ(rows[t], alone(ids[t], t)) << t;
    EXPECT_EQ(rows[t] == base(t), ids[t] < 0) << t;
  }
  for (int32_t one : ids) // all tenants have different outputs
    for (int32_t other : ids)
      EXPECT_EQ(alone(one, 0) == alone(other, 0), one == other);
}

TEST_F(Traps, disabled_and_evicted_slots_are_base) {
  int32_t off = load("off", tenant(1)), gone = load("gone", tenant(2));
  Row was = alone(off, 0);
  ASSERT_EQ(moelora_slot_table_enable(table, off, 0, nullptr, nullptr),
            MOELORA_OK);
  evict(gone);
  std::vector<Row> rows = layer(table, {off, gone});
  EXPECT_EQ(rows[0], base(0));
  EXPECT_EQ(rows[1], base(1));
  ASSERT_EQ(moelora_slot_table_enable(table, off, 1, nullptr, nullptr),
            MOELORA_OK);
  EXPECT_EQ(alone(off, 0), was);
}

TEST_F(Traps, smaller_adapter_after_a_larger_one_in_the_same_slot) {
  int32_t large = load("large", tenant(1, 33, Form::AllLinear));
  EXPECT_NE(layer.withExperts(table, large, 1, 2),
            layer.withExperts(nullptr, -1, 1, 2));
  evict(large);
  Draft small = tenant(2, 1);
  for (size_t i = small.entries.size(); i-- > 0;)
    if (small.entries[i].name.find("0.mlp.experts.0.up_proj") ==
        std::string::npos)
      small.remove(i);
  int32_t id = load("small", small);
  ASSERT_EQ(slotOf(id), slotOf(large));
  for (int32_t e = 1; e < layerSizes().experts; ++e)
    EXPECT_EQ(layer.withExperts(table, id, e, -1),
              layer.withExperts(nullptr, -1, e, -1));
  TrapTable fresh;
  int32_t there = fresh.load("small", small);
  Row row = layer.withExperts(table, id, 0, 3);
  EXPECT_NE(row, layer.withExperts(nullptr, -1, 0, 3));
  EXPECT_EQ(row, fresh.layer.withExperts(fresh.table, there, 0, 3));
}

TEST_F(Traps, hot_load_never_takes_a_slot_in_flight) {
  TrapTable two(2);
  int32_t a = two.load("a", tenant(1)), b = two.load("b", tenant(2));
  moelora_lease first = two.acquire("a"), second = two.acquire("b");
  std::vector<Row> before = two.layer(two.table, {a, b});
  int32_t c = -7;
  EXPECT_EQ(two.assign("c", tenant(3), c), MOELORA_FULL);
  EXPECT_EQ(c, -7);
  EXPECT_EQ(two.layer(two.table, {a, b}), before);
  ASSERT_EQ(moelora_slot_table_release(two.table, &first, nullptr), MOELORA_OK);
  ASSERT_EQ(two.assign("c", tenant(3), c), MOELORA_OK);
  ASSERT_EQ(two.slotOf(c), two.slotOf(a));
  // Tokens with the old id are counted and are base.
  std::vector<Row> after = two.layer(two.table, {a, b, c});
  EXPECT_EQ(after[0], base(0));
  EXPECT_EQ(after[1], before[1]);
  EXPECT_NE(after[2], base(2));
  EXPECT_EQ(two.counters().masked_slots, 1u);
  EXPECT_EQ(two.counters().stale_slots, 1u);
  EXPECT_EQ(moelora_slot_table_release(two.table, &second, nullptr),
            MOELORA_OK);
}

TEST_F(Traps, bad_ids_are_base_and_counted) {
  int32_t slots = 4, live = load("a", tenant(1));
  evict(load("b", tenant(2)));
  ASSERT_EQ(live, 0);
  std::vector<int32_t> ids = {-1,        -2, INT32_MIN, INT32_MAX, slots,
                              slots + 1, 1,  65535,     1 << 16,   idOf(3, 3)};
  Random random(5);
  while (ids.size() < 64)
    if (auto id = static_cast<int32_t>(random()); id != live)
      ids.push_back(id);
  std::vector<Row> rows = layer(table, ids);
  uint64_t masked = 0, stale = 0;
  // Slot 1 has had a tenant; the others are of generation 0.
  const int32_t generations[] = {0, 1, 0, 0};
  for (size_t t = 0; t < ids.size(); ++t) {
    EXPECT_EQ(rows[t], base(t)) << ids[t];
    masked += ids[t] != -1;
    int32_t slot = slotOf(ids[t]);
    stale += ids[t] >= 0 && ids[t] != idOf(slot, generations[slot]);
  }
  EXPECT_EQ(counters().masked_slots, masked);
  EXPECT_EQ(counters().stale_slots, stale);
  EXPECT_GE(stale, 3u);
  EXPECT_NE(alone(live, 0), base(0));
}

TEST_F(Traps, bad_ids_beside_good_ones_change_nothing) {
  int32_t a = load("a", tenant(1)), b = load("b", tenant(2));
  std::vector<Row> good = layer(table, {a, b, -1, a, b, -1});
  std::vector<Row> mixed =
      layer(table, {a, idOf(0, 77), -1, -5, b, idOf(1, 9)});
  for (size_t t : {0u, 2u, 4u})
    EXPECT_EQ(mixed[t], good[t]);
  for (size_t t : {1u, 3u, 5u})
    EXPECT_EQ(mixed[t], base(t));
}
