/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A slot table on a device that fails, captures, and goes step by step.
 */
#include "SlotDevice.h"

#include <gmock/gmock.h>

using namespace moelora::test;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

struct SlotDevices : testing::Test, SlotDevice {};

} // namespace

// A failed event used to be "not yet" for ever.
TEST_F(SlotDevices, events_that_fail_do_not_hold_up_the_end) {
  ASSERT_EQ(table->replace(id, other, stream), MOELORA_OK);
  failLastStore();
  EXPECT_EQ(table->stats().broken_fences, 1u);
  EXPECT_EQ(table->stats().retired_buffers, 1u); // kept
  drain();
  EXPECT_EQ(table->stats().retired_buffers, 1u);
  table.reset(); // ends
  EXPECT_EQ(device.live().memory, 0);
}

TEST_F(SlotDevices, a_slot_behind_a_failed_event_stays_as_it_is) {
  ASSERT_EQ(table->replace(id, other, stream), MOELORA_OK);
  failLastStore();
  EXPECT_EQ(table->replace(id, adapter, stream), MOELORA_DEVICE_LOST);
  EXPECT_EQ(table->enable(id, false, stream), MOELORA_DEVICE_LOST);
  EXPECT_EQ(table->evict(id), MOELORA_DEVICE_LOST);
  EXPECT_THAT(table->text, HasSubstr("the device failed behind one of 'a'"));
  EXPECT_EQ(table->info(0).idle, 0);
  int32_t next = -1;
  EXPECT_EQ(table->assign("b", adapter, next), MOELORA_OK); // others go on
}

TEST_F(SlotDevices, a_leave_that_fails_keeps_what_its_step_may_read) {
  Step step(table->table);
  ASSERT_EQ(step.enter(stream), MOELORA_OK);
  ASSERT_EQ(step.leave(stream), MOELORA_OK);
  failLastLeave();
  ASSERT_EQ(table->replace(id, other, stream), MOELORA_OK);
  drain();
  EXPECT_EQ(table->stats().retired_buffers, 1u);
  EXPECT_EQ(table->stats().broken_fences, 1u);
  EXPECT_EQ(step.enter(stream), MOELORA_DEVICE_LOST);
}

TEST_F(SlotDevices, a_lost_device_does_not_hold_up_the_end) {
  {
    Step step(table->table);
    ASSERT_EQ(step.enter(stream), MOELORA_OK);
    ASSERT_EQ(table->replace(id, other, stream), MOELORA_OK);
    device.faults.lose();
    EXPECT_EQ(step.leave(stream), MOELORA_DEVICE_LOST);
    EXPECT_EQ(step.leave(stream), MOELORA_INVALID); // it has left
  }
  table.reset();
}

// Recording was a matter of release, which hid that it had failed.
TEST_F(SlotDevices, leave_says_that_recording_failed_and_can_be_repeated) {
  Step step(table->table);
  ASSERT_EQ(step.enter(stream), MOELORA_OK);
  device.faults.fail(TestCall::EventRecord);
  EXPECT_EQ(step.leave(stream), MOELORA_IO);
  EXPECT_EQ(step.resolve({id}, stream), MOELORA_OK);
  EXPECT_EQ(step.leave(stream), MOELORA_OK);
  drain();
  EXPECT_THAT(step.numbers(), ElementsAre(0)); // it was still inside
}

TEST_F(SlotDevices, a_store_that_is_not_recorded_is_waited_for) {
  device.faults.fail(TestCall::EventRecord);
  ASSERT_EQ(table->replace(id, other, stream), MOELORA_OK);
  EXPECT_EQ(table->stats().broken_fences, 0u);
  EXPECT_EQ(table->stats().retired_buffers, 0u);
  device.faults.fail(TestCall::EventRecord);
  device.faults.fail(TestCall::StreamSynchronize);
  ASSERT_EQ(table->replace(id, adapter, stream), MOELORA_OK);
  EXPECT_EQ(table->stats().broken_fences, 1u);
  EXPECT_EQ(table->stats().retired_buffers, 1u); // kept
}

TEST_F(SlotDevices, what_publishes_is_refused_in_a_capture) {
  Step step(table->table), inside(table->table);
  ASSERT_EQ(inside.enter(stream), MOELORA_OK);
  moelora_staged *staged = stage("b");
  device.beginCapture(stream);
  EXPECT_EQ(table->replace(id, other, stream), MOELORA_INVALID);
  EXPECT_EQ(table->enable(id, false, stream), MOELORA_INVALID);
  EXPECT_THAT(table->text, HasSubstr("is being captured into a graph"));
  EXPECT_EQ(publishAt(staged, 1, 0), MOELORA_INVALID);
  EXPECT_EQ(table->call(moelora_slot_table_evict_at, 0, 1u, stream),
            MOELORA_INVALID);
  EXPECT_EQ(step.enter(stream), MOELORA_INVALID);
  EXPECT_EQ(inside.leave(stream), MOELORA_INVALID);
  std::unique_ptr<TestGraph> graph = device.endCapture(stream);
  ASSERT_NE(graph, nullptr) << device.whyBroken();
  moelora_staged_abandon(staged);
  EXPECT_EQ(inside.leave(stream), MOELORA_OK);
  drain();
}

TEST_F(SlotDevices, a_captured_resolution_serves_inside_of_steps_only) {
  Step step(table->table);
  device.beginCapture(stream);
  ASSERT_EQ(step.resolve({id, -1}, stream), MOELORA_OK) << step.text;
  moelora_lease lease = {}; // leases are no work
  EXPECT_EQ(table->acquire("a", lease), MOELORA_OK);
  std::unique_ptr<TestGraph> graph = device.endCapture(stream);
  ASSERT_NE(graph, nullptr) << device.whyBroken();
  ASSERT_EQ(step.enter(stream), MOELORA_OK);
  device.replay(*graph, stream);
  ASSERT_EQ(step.leave(stream), MOELORA_OK);
  drain();
  EXPECT_THAT(step.numbers(), ElementsAre(0, -1));
  uint64_t first = step.word(0).bits;
  device.replay(*graph, stream);
  drain();
  EXPECT_THAT(step.numbers(), Each(-1));
  EXPECT_EQ(table->stats().runs.outside_steps, 2u);
  ASSERT_EQ(table->replace(id, other, stream), MOELORA_OK);
  ASSERT_EQ(step.enter(stream), MOELORA_OK);
  device.replay(*graph, stream); // sees what was published before
  ASSERT_EQ(step.leave(stream), MOELORA_OK);
  drain();
  EXPECT_THAT(step.numbers(), ElementsAre(0, -1));
  EXPECT_NE(step.word(0).bits, first);
  EXPECT_EQ(table->release(lease), MOELORA_OK);
}

// Two streams may have one handle, one after the other or by thread.
TEST_F(SlotDevices, handles_of_streams_are_no_identities) {
  ShiftingStream shifting(device);
  Table mine(optionsOn(&shifting.device));
  int32_t own = -1;
  ASSERT_EQ(mine.assign("a", adapter, own), MOELORA_OK);
  drain();
  ASSERT_EQ(mine.enable(own, false, shifting.handle()), MOELORA_OK);
  shifting.shift(); // the same handle, and another stream
  ASSERT_EQ(mine.enable(own, true, shifting.handle()), MOELORA_OK);
  EXPECT_FALSE(device.isReady(shifting.stream())); // it waits for the first
  drain();
  EXPECT_NE(mine.table->words()[0], 0u);
}
