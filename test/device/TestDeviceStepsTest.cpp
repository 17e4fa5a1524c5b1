// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The test device, step by step.

#include "TestBench.h"

using namespace moelora;
using namespace moelora::test;

namespace {

struct TestDeviceSteps : TestBench {
  Stream stream{*device.get()}, other{*device.get()};
  Event event{*device.get()};
  DeviceMemory memory{*device.get(), 8};
};

TEST_F(TestDeviceSteps, DoOneThingAtATime) {
  store(stream.get(), memory, 1);
  store(stream.get(), memory, 2);
  record(stream.get(), event);
  EXPECT_EQ(wordAt(memory), nothing);
  EXPECT_TRUE(device.step(stream.get()));
  EXPECT_EQ(wordAt(memory), 1u);
  EXPECT_TRUE(device.step(stream.get()));
  EXPECT_EQ(wordAt(memory), 2u);
  EXPECT_EQ(stateOf(event), MOELORA_EVENT_PENDING);
  EXPECT_TRUE(device.step(stream.get()));
  EXPECT_EQ(stateOf(event), MOELORA_EVENT_PASSED);
  EXPECT_FALSE(device.step(stream.get()));
}

TEST_F(TestDeviceSteps, WaitForEvents) {
  store(stream.get(), memory, 1);
  record(stream.get(), event);
  wait(other.get(), event);
  record(stream.get(), event); // later, and not what is waited for
  store(other.get(), memory, 2);
  EXPECT_FALSE(device.isReady(other.get()));
  EXPECT_FALSE(device.step(other.get()));
  EXPECT_TRUE(device.step(stream.get()) && device.step(stream.get()));
  EXPECT_TRUE(device.step(other.get()) && device.step(other.get()));
  EXPECT_EQ(wordAt(memory), 2u);
  EXPECT_EQ(stateOf(event), MOELORA_EVENT_PENDING);
}

TEST_F(TestDeviceSteps, AreDrained) {
  wait(stream.get(), event); // which is new
  record(other.get(), event);
  wait(stream.get(), event);
  store(stream.get(), memory, 3);
  store(nullptr, memory, 4);
  device.drain();
  EXPECT_TRUE(device.pending(stream.get()).empty());
  EXPECT_THAT(wordAt(memory), testing::AnyOf(3u, 4u));
}

/// Work for which the host does not wait is not done.
TEST_F(TestDeviceSteps, OfWaitsAreThoseThatAreNeeded) {
  store(other.get(), memory, 1);
  record(other.get(), event);
  store(other.get(), memory, 9);
  wait(stream.get(), event);
  call(&D::stream_synchronize, stream.get());
  EXPECT_EQ(wordAt(memory), 1u);
  EXPECT_FALSE(device.pending(other.get()).empty());
}

TEST_F(TestDeviceSteps, CanBeLookedAt) {
  uint64_t source = 5;
  call(&D::copy, stream.get(), static_cast<void *>(memory.data()),
       static_cast<const void *>(&source), uint64_t(8));
  store(stream.get(), memory, 6);
  launch(stream.get(), countUp, memory.data());
  record(other.get(), event);
  wait(stream.get(), event);
  const TestWork &work = device.pending(stream.get());
  ASSERT_EQ(work.end() - work.begin(), 4);
  const TestItem *item = work.begin();
  EXPECT_EQ(item->kind, TestKind::Copy);
  EXPECT_EQ(item->from, &source);
  EXPECT_EQ(item->bytes, 8u);
  EXPECT_EQ((++item)->kind, TestKind::Store);
  EXPECT_EQ(item->to, memory.data());
  EXPECT_EQ(item->value, 6u);
  EXPECT_EQ((++item)->kind, TestKind::Launch);
  EXPECT_EQ(*static_cast<char *const *>(work.parametersOf(*item)),
            memory.data());
  EXPECT_EQ((++item)->kind, TestKind::Wait);
  EXPECT_EQ(item->moment.remaining(), 1u);
  EXPECT_THAT(device.streams(),
              testing::ElementsAre(nullptr, stream.get(), other.get()));
}

TEST_F(TestDeviceSteps, GoOnWhenTheHostPollsForEver) {
  store(stream.get(), memory, 7);
  record(stream.get(), event);
  while (stateOf(event) != MOELORA_EVENT_PASSED)
    ;
  EXPECT_EQ(wordAt(memory), 7u);
}

TEST_F(TestDeviceSteps, GiveHandlesOutAgain) {
  moelora_stream *before = stream.get();
  store(stream.get(), memory, 8);
  record(stream.get(), event);
  stream = Stream();
  EXPECT_EQ(wordAt(memory), 8u); // it was waited for
  Stream next(*device.get());
  EXPECT_EQ(next.get(), before);
  store(next.get(), memory, 9);
  EXPECT_EQ(stateOf(event), MOELORA_EVENT_PASSED);
}

TEST_F(TestDeviceSteps, HaveStatesThatCanBeCompared) {
  uint64_t empty = device.hash();
  store(stream.get(), memory, 1);
  record(stream.get(), event);
  uint64_t two = device.hash();
  device.step(stream.get());
  uint64_t one = device.hash();
  EXPECT_NE(empty, two);
  EXPECT_NE(two, one);
  device.drain();
  store(stream.get(), memory, 1);
  record(stream.get(), event);
  device.step(stream.get());
  EXPECT_EQ(device.hash(), one);
  store(other.get(), memory, 1);
  EXPECT_NE(device.hash(), one);
}

/// The same calls after a reset lead to the same state, handles included.
TEST(TestDeviceReset, ForgetsEverything) {
  TestDevice device(TestBench::visible());
  auto play = [&] {
    const moelora_device &functions = *device.get();
    moelora_stream *stream = nullptr;
    moelora_event *event = nullptr;
    void *memory = nullptr;
    call(functions, &moelora_device::stream_create, &stream);
    call(functions, &moelora_device::event_create, &event);
    call(functions, &moelora_device::allocate, uint64_t(100), &memory);
    call(functions, &moelora_device::store, stream,
         static_cast<uint64_t *>(memory), uint64_t(3));
    call(functions, &moelora_device::event_record, stream, event);
    device.step(stream);
    return device.hash();
  };
  uint64_t first = play();
  device.faults.lose();
  device.reset();
  EXPECT_EQ(device.live().all(), 0);
  EXPECT_EQ(play(), first);
}

} // namespace
