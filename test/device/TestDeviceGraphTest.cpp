// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Graphs of the test device: what is captured, and what a replay does.

#include "TestBench.h"

using namespace moelora;
using namespace moelora::test;

namespace {

struct TestDeviceGraphs : TestBench {
  Stream stream{*device.get()}, other{*device.get()};
  Event forked{*device.get()}, joined{*device.get()};
  DeviceMemory memory{*device.get(), 8}, second{*device.get(), 8};

  std::pair<int32_t, uint64_t> captureOf(moelora_stream *asked) {
    int32_t state = -1;
    uint64_t id = 99;
    call(&D::capture, asked, &state, &id);
    return {state, id};
  }
  /// A graph that ends as it should.
  std::unique_ptr<TestGraph> end() {
    std::unique_ptr<TestGraph> graph = device.endCapture(stream.get());
    EXPECT_TRUE(graph) << device.whyBroken();
    return graph;
  }
  void replay(const TestGraph &graph) {
    device.replay(graph, stream.get());
    call(&D::stream_synchronize, stream.get());
  }
};

TEST_F(TestDeviceGraphs, AreReplayedAsOftenAsOneLikes) {
  uint64_t source = 5;
  device.beginCapture(stream.get());
  call(&D::copy, stream.get(), static_cast<void *>(memory.data()),
       static_cast<const void *>(&source), uint64_t(8));
  store(stream.get(), second, 6);
  auto graph = end();
  device.drain();
  EXPECT_EQ(wordAt(memory), nothing); // nothing is done before
  replay(*graph);
  EXPECT_EQ(wordAt(memory), 5u);
  EXPECT_EQ(wordAt(second), 6u);
  source = 7; // the same addresses are read
  device.replay(*graph, other.get());
  EXPECT_TRUE(device.step(other.get())); // in steps, as all work
  EXPECT_EQ(wordAt(memory), 7u);
}

TEST_F(TestDeviceGraphs, HaveTheParametersOfTheirLaunches) {
  device.beginCapture(stream.get(), TestCaptureMode::Relaxed);
  char *counter = memory.data();
  EXPECT_EQ(launch(stream.get(), countUp, counter, 2), MOELORA_OK);
  counter = nullptr;
  auto graph = end();
  store(stream.get(), memory, 10);
  replay(*graph);
  replay(*graph);
  EXPECT_EQ(wordAt(memory), 14u);
}

TEST_F(TestDeviceGraphs, TellTheirStreams) {
  EXPECT_EQ(captureOf(stream.get()), std::make_pair(0, uint64_t(0)));
  device.beginCapture(stream.get());
  EXPECT_EQ(captureOf(stream.get()),
            std::make_pair(int32_t(MOELORA_CAPTURE_ACTIVE), uint64_t(1)));
  EXPECT_EQ(captureOf(other.get()).first, MOELORA_CAPTURE_NONE);
  end();
  EXPECT_EQ(captureOf(stream.get()).first, MOELORA_CAPTURE_NONE);
  device.beginCapture(stream.get());
  EXPECT_EQ(captureOf(stream.get()).second, 2u);
  end();
}

TEST_F(TestDeviceGraphs, ForkAndJoin) {
  device.beginCapture(stream.get());
  record(stream.get(), forked);
  wait(other.get(), forked);
  EXPECT_EQ(captureOf(other.get()), captureOf(stream.get()));
  store(other.get(), memory, 3);
  record(other.get(), joined);
  wait(stream.get(), joined);
  store(stream.get(), second, 4);
  auto graph = end();
  EXPECT_EQ(captureOf(other.get()).first, MOELORA_CAPTURE_NONE);
  store(other.get(), memory, 2); // is not captured any more
  device.drain();
  EXPECT_EQ(wordAt(memory), 2u);
  replay(*graph);
  EXPECT_EQ(wordAt(memory), 3u);
  EXPECT_EQ(wordAt(second), 4u);
}

TEST_F(TestDeviceGraphs, NeedTheirStreamsJoined) {
  device.beginCapture(stream.get());
  record(stream.get(), forked);
  wait(other.get(), forked);
  record(other.get(), joined);
  store(other.get(), memory, 3); // after what is waited for
  wait(stream.get(), joined);
  EXPECT_EQ(device.endCapture(stream.get()), nullptr);
  EXPECT_EQ(device.whyBroken(),
            "a capture ends before all of its streams are joined");
}

TEST_F(TestDeviceGraphs, EndWhereTheyBegan) {
  device.beginCapture(stream.get());
  record(stream.get(), forked);
  wait(other.get(), forked);
  EXPECT_EQ(device.endCapture(other.get()), nullptr);
  EXPECT_EQ(captureOf(stream.get()).first, MOELORA_CAPTURE_BROKEN);
  EXPECT_EQ(device.endCapture(stream.get()), nullptr);
  EXPECT_EQ(captureOf(stream.get()).first, MOELORA_CAPTURE_NONE);
}

TEST_F(TestDeviceGraphs, MayBeTwoAtOnce) {
  device.beginCapture(stream.get());
  device.beginCapture(other.get());
  EXPECT_NE(captureOf(stream.get()), captureOf(other.get()));
  store(stream.get(), memory, 1);
  store(other.get(), memory, 2);
  auto second = device.endCapture(other.get());
  replay(*end());
  EXPECT_EQ(wordAt(memory), 1u);
  replay(*second);
  EXPECT_EQ(wordAt(memory), 2u);
}

} // namespace
