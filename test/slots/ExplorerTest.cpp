/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The states of a slot table, walked through; and that it is noticed when a
 * part of what keeps tenants apart is missing.
 */
#include "Explorer.h"

#include "slots/SlotCore.h"

#include <gmock/gmock.h>

using namespace moelora;
using namespace moelora::test;
using testing::HasSubstr;

namespace {

constexpr size_t noLimit = SIZE_MAX;

Bounds small() {
  Bounds bounds;
  bounds.slots = 1;
  bounds.adapters = bounds.queue = bounds.blocks = 2;
  bounds.leases = 1;
  return bounds;
}

TEST(Explorer, one_slot_to_the_last_state) {
  Exploration all = explore(small(), noLimit);
  EXPECT_EQ(all.broken, "") << testing::PrintToString(all.way);
  EXPECT_TRUE(all.closed);
  EXPECT_GT(all.full, 0u);
  EXPECT_GT(all.busy, 0u);
  EXPECT_GT(all.late, 0u);
}

TEST(Explorer, two_slots_three_adapters_two_streams) {
  Exploration all = explore({}, 50000);
  EXPECT_EQ(all.broken, "") << testing::PrintToString(all.way);
  EXPECT_GE(all.states, 50000u);
  EXPECT_GT(all.full, 0u);
}

TEST(Explorer, far_away_in_a_larger_world) {
  Bounds bounds;
  bounds.slots = bounds.streams = bounds.leases = 3;
  bounds.adapters = bounds.queue = bounds.blocks = 5;
  Exploration all = wander(bounds, 300, 500, 1);
  EXPECT_EQ(all.broken, "") << testing::PrintToString(all.way);
  EXPECT_EQ(all.transitions, 300u * 500u);
  EXPECT_GT(all.full, 0u);
  EXPECT_GT(all.late, 0u);
}

TEST(Explorer, misses_fences) {
  Bounds bounds;
  bounds.without = Without::Fences;
  Exploration all = explore(bounds, noLimit);
  EXPECT_THAT(all.broken, HasSubstr("to leave the directory before"));
  EXPECT_EQ(all.way.size(), 3u) << testing::PrintToString(all.way);
}

TEST(Explorer, misses_generations) {
  Bounds bounds;
  bounds.without = Without::Generations;
  Exploration all = explore(bounds, noLimit);
  EXPECT_EQ(all.broken, "expects an old id to get nothing");
}

TEST(Explorer, misses_epochs) {
  Bounds bounds;
  bounds.without = Without::Epochs;
  Exploration all = explore(bounds, noLimit);
  EXPECT_EQ(all.broken, "expects no run to read what is given back");
}

/// What the wrap of generations means: an id that somebody keeps while its slot
/// has that many tenants is an id of a present adapter again.
TEST(Explorer, misses_generations_that_wrap) {
  Bounds bounds = small();
  bounds.generations = 2;
  Exploration all = explore(bounds, noLimit);
  EXPECT_EQ(all.broken, "expects an old id to get nothing");
}

TEST(SlotCore, ids_come_again_after_all_generations) {
  constexpr uint32_t generations = 1u << MOELORA_SLOT_GENERATION_BITS;
  SlotCore core(1, generations);
  for (uint32_t i = 0; i < generations; ++i) {
    int32_t slot = *core.reserve();
    core.publish(slot, i + 1);
    ASSERT_GE(core.idOf(slot), 0);
    ASSERT_EQ(core.find(0).has_value(), i == 0);
    ASSERT_EQ(core.evict(slot), i + 1);
  }
  core.publish(*core.reserve(), 1);
  EXPECT_EQ(core.find(0), 0);
}

} // namespace
