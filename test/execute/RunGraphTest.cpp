// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs that are captured into a graph and replayed, on a device that keeps its
// memory from the host.

#include "CopyRun.h"
#include "SlotTables.h"
#include "TestDevice.h"

using namespace moelora::test;

namespace {

using Slots = std::array<int, CopyRun::Tokens>;
constexpr Slots none = {-1, -1, -1};

struct RunGraph : testing::Test {
  RunGraph() {
    first = table.add("first");
    second = table.add("second");
    ids = {second, -1, first};
    EXPECT_EQ(
        device.get()->stream_create(device.get()->context, &stream, nullptr),
        MOELORA_OK);
    copy.run.on = stream;
    copy.run.step = step.step;
  }
  ~RunGraph() override {
    device.drain();
    device.get()->stream_destroy(device.get()->context, stream);
  }

  /// A step's work: the ids are read where they are, each time anew.
  std::unique_ptr<TestGraph> capture() {
    device.beginCapture(stream);
    EXPECT_EQ(errorOf(moelora_step_resolve, step.step, stream, ids.data(),
                      CopyRun::Tokens, static_cast<const int32_t *>(nullptr)),
              "");
    EXPECT_EQ(copy.error(), "");
    std::unique_ptr<TestGraph> graph = device.endCapture(stream);
    EXPECT_TRUE(graph) << device.whyBroken();
    device.drain();
    EXPECT_EQ(copy.output, CopyRun::Rows()); // nothing has run yet
    return graph;
  }
  void replay(const TestGraph &graph) {
    device.replay(graph, stream);
    device.drain();
  }
  void replayInStep(const TestGraph &graph) {
    step.enter(stream);
    replay(graph);
    step.leave(stream);
    device.drain();
  }

  TestDevice device;
  LoadedLayer loaded{LAYER_COPY};
  TableOf table{loaded.variant().adapters, device.get()};
  StepOf step{table.table};
  CopyRun copy{table.table, device.get()};
  moelora_stream *stream = nullptr;
  int32_t first = -1, second = -1;
  std::array<int32_t, CopyRun::Tokens> ids = {};
};

TEST_F(RunGraph, IsReplayedWithinSteps) {
  auto graph = capture();
  replayInStep(*graph);
  EXPECT_EQ(copy.output, copy.expected({1, -1, 0}));
  ids = {-1, first, first};
  replayInStep(*graph);
  EXPECT_EQ(copy.output, copy.expected({-1, 0, 0}));
  EXPECT_TRUE(device.complaints().empty());
}

TEST_F(RunGraph, ServesBaseOutsideOfSteps) {
  auto graph = capture();
  replay(*graph);
  EXPECT_EQ(copy.output, copy.expected(none));
}

TEST_F(RunGraph, KeepsWhatItWasGiven) {
  auto graph = capture();
  copy.run = {};
  replayInStep(*graph);
  EXPECT_EQ(copy.output, copy.expected({1, -1, 0}));
}

TEST_F(RunGraph, SeesWhatWasPublishedBefore) {
  auto graph = capture();
  EXPECT_EQ(errorOf(moelora_slot_table_enable, table.table, second, 0, stream),
            "");
  replayInStep(*graph);
  EXPECT_EQ(copy.output, copy.expected({-1, -1, 0}));
}

TEST_F(RunGraph, WithoutCaptureOrStepItIsRefused) {
  const std::vector<int32_t> batch(CopyRun::Tokens, first);
  step.enter(stream);
  step.resolve(batch, stream);
  step.leave(stream);
  device.drain();
  EXPECT_EQ(copy.error(), "expects a step that is entered, or is being "
                          "recorded, but it is neither");
}

} // namespace
