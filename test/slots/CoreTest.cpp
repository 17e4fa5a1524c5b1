/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The decisions of a slot table, with fences that a test lets pass.
 */
#include "slots/SlotCore.h"

#include <gmock/gmock.h>

#include <map>

using namespace moelora;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

struct TestFences final : Fences {
  std::map<Fence, FenceState> all;
  Fence last = 0;

  Fence make() {
    all[++last] = FenceState::Pending;
    return last;
  }
  FenceState state(Fence fence) override { return all.at(fence); }
  void drop(Fence fence) override { all.erase(fence); }
};

/// A table of one slot with an adapter in it, buffer 1.
struct Core : testing::Test {
  TestFences fences;
  SlotCore core{1, 4, true};

  void SetUp() override { publish(0, 1, 0); }
  void publish(uint32_t generation, BufferId buffer, Fence fence) {
    core.prepare();
    core.publish(0, generation, buffer, fence);
  }
  void replace(BufferId buffer, Fence fence) {
    core.prepare();
    core.replace(0, buffer, fence);
  }
  void evict(uint32_t generation, Fence fence = 0) {
    core.prepare();
    core.evict(0, generation, fence);
  }
  std::vector<BufferId> free() {
    core.settle(fences);
    std::vector<BufferId> all;
    while (BufferId buffer = core.takeFree())
      all.push_back(buffer);
    return all;
  }
};

TEST_F(Core, buffers_are_free_when_their_store_was_seen_and_steps_are_past) {
  uint64_t step = core.enter();
  Fence store = fences.make(), left = fences.make();
  replace(2, store);
  EXPECT_THAT(free(), IsEmpty());
  fences.all[store] = FenceState::Passed;
  EXPECT_THAT(free(), IsEmpty());
  core.leave(step, left);
  EXPECT_THAT(free(), IsEmpty());
  fences.all[left] = FenceState::Passed;
  EXPECT_THAT(free(), ElementsAre(1));
  EXPECT_THAT(fences.all, IsEmpty());
}

TEST_F(Core, steps_that_enter_before_the_store_was_seen_are_waited_for) {
  Fence store = fences.make();
  replace(2, store);
  uint64_t step = core.enter();
  fences.all[store] = FenceState::Passed;
  EXPECT_THAT(free(), IsEmpty());
  core.leave(step, 0);
  EXPECT_THAT(free(), ElementsAre(1));
}

TEST_F(Core, steps_that_enter_later_are_not_waited_for) {
  Fence store = fences.make();
  replace(2, store);
  fences.all[store] = FenceState::Passed;
  core.settle(fences);
  core.enter();
  EXPECT_THAT(free(), ElementsAre(1));
}

// An engine whose steps overlap has always one that is open.
TEST_F(Core, overlapping_steps_do_not_hold_up_buffers_for_ever) {
  uint64_t open = core.enter();
  replace(2, 0);
  for (int i = 0; i < 3; ++i) {
    uint64_t next = core.enter();
    core.leave(open, 0);
    open = next;
  }
  EXPECT_THAT(free(), ElementsAre(1));
}

TEST_F(Core, a_store_that_failed_keeps_what_it_guards) {
  Fence store = fences.make(), later = fences.make();
  replace(2, store);
  replace(3, later); // enqueued before the host has seen the event
  fences.all[store] = FenceState::Failed;
  fences.all[later] = FenceState::Passed;
  EXPECT_THAT(free(), IsEmpty());
  EXPECT_TRUE(core.stores().empty()); // so no buffer waits for it
  EXPECT_EQ(core.broken(), 1u);
  EXPECT_TRUE(core.at(0).broken);
  EXPECT_FALSE(core.idle(0));
}

TEST_F(Core, a_leave_that_failed_keeps_what_its_step_may_read) {
  uint64_t step = core.enter();
  Fence left = fences.make();
  core.leave(step, left);
  fences.all[left] = FenceState::Failed;
  replace(2, 0);
  EXPECT_THAT(free(), IsEmpty());
  uint64_t next = core.enter();
  core.leave(next, 0);
  EXPECT_THAT(free(), IsEmpty());
  EXPECT_EQ(core.broken(), 1u);
  EXPECT_EQ(core.step(step)->state, OpenStep::Broken);
}

TEST_F(Core, a_slot_out_of_generations_is_closed) {
  evict(3);
  publish(3, 2, 0);
  evict(4);
  EXPECT_EQ(core.at(0).state, SlotState::Closed);
  EXPECT_EQ(core.at(0).generation, 3u);
  EXPECT_EQ(core.reserve(), std::nullopt);
}

TEST_F(Core, an_adapter_of_the_last_generation_goes_for_memory_only) {
  evict(3);
  publish(3, 2, 0);
  EXPECT_TRUE(core.idle(0));
  EXPECT_EQ(core.victim(SlotCore::ForSlot, {}), std::nullopt);
  EXPECT_EQ(core.victim(SlotCore::ForMemory, {}), 0);
  EXPECT_EQ(core.victim(SlotCore::ForMemory, {0}), std::nullopt);
}

TEST_F(Core, leases_are_told_apart) {
  uint64_t one = core.acquire(0), two = core.acquire(0);
  EXPECT_NE(one, two);
  core.release(one);
  EXPECT_FALSE(core.leased(one));
  EXPECT_TRUE(core.leased(two));
  EXPECT_FALSE(core.leased(two | 0xffff)); // of no slot
  core.release(two);
  evict(1);
  publish(1, 2, 0);
  uint64_t next = core.acquire(0);
  EXPECT_FALSE(core.leased(two));
  EXPECT_TRUE(core.leased(next));
}

TEST_F(Core, old_leases_are_counted) {
  uint64_t old = core.acquire(0), older = core.acquire(0);
  for (int i = 0; i < 200; ++i)
    core.release(core.acquire(0));
  EXPECT_TRUE(core.leased(old));
  core.release(old);
  core.release(older);
  EXPECT_FALSE(core.leased(old));
  EXPECT_FALSE(core.leased(older));
  EXPECT_EQ(core.at(0).leases.out, 0);
}

} // namespace
