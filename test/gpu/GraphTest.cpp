// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Steps of a compiled layer that are captured into a graph on a stream of the
// caller and replayed.

#include "CompiledBatch.h"
#include "moelora/host/CudaStream.h"

using namespace moelora;
using namespace moelora::test;

namespace {

constexpr int64_t tokens = 6;

struct Graphs : testing::Test {
  /// The output of a batch in which token t has an adapter, -1: none.
  std::string eager(const std::vector<int32_t> &slots) {
    host::Inputs batch = layer.inputs(tokens);
    batch.slots = slots;
    host::Run once(layer.bound, MOELORA_ENTRY_ALL, batch, layer.table);
    once.run();
    return outputOf(once);
  }
  host::CudaGraph capture() {
    return stream.capture([&] { run.enqueue(); });
  }
  std::string replay(const host::CudaGraph &graph) {
    graph.replay();
    stream.finish();
    return outputOf(run);
  }

  LayerOnDevice layer{"cuda"};
  host::CudaStream stream{*layer.device};
  host::Inputs inputs = layer.inputs(tokens);
  host::Run run{layer.bound, MOELORA_ENTRY_ALL, inputs, layer.table,
                stream.get()};
};

TEST_F(Graphs, DoNothingBeforeTheyAreReplayed) {
  host::CudaGraph graph = capture();
  std::string before = outputOf(run);
  EXPECT_NE(before, eager(inputs.slots));
  EXPECT_EQ(replay(graph), eager(inputs.slots));
  EXPECT_EQ(replay(graph), eager(inputs.slots));
}

/// The resolution of ids; a shrink, which makes the plan, and a product for the
/// router; its choice; a shrink, which makes the plan, and two products for the
/// experts. There are no copies, and nothing else.
TEST_F(Graphs, ContainLaunchesAlone) { EXPECT_EQ(capture().nodes(), 7u); }

TEST_F(Graphs, ServeWhatIsPublishedAtEachReplay) {
  host::CudaGraph graph = capture();
  std::string served = replay(graph);
  auto enable = [&](int32_t adapter, int32_t on) {
    host::call(moelora_slot_table_enable, layer.table.get(),
               layer.table.idsOf({adapter})[0], on, stream.get());
  };
  for (int32_t adapter : {0, 1, 2}) {
    std::vector<int32_t> without = inputs.slots;
    std::replace(without.begin(), without.end(), adapter, -1);
    enable(adapter, 0);
    EXPECT_EQ(replay(graph), eager(without)) << adapter;
    enable(adapter, 1);
    EXPECT_EQ(replay(graph), served) << adapter;
  }
}

/// Calls that wait for the device are refused, and break the capture as CUDA
/// says.
TEST_F(Graphs, HaveNoRoomForWaiting) {
  EXPECT_THROW(stream.capture([&] { run.repeat(); }), host::Error);
  EXPECT_THROW(stream.capture([&] {
    host::call(moelora_slot_table_enable, layer.table.get(),
               layer.table.idsOf({0})[0], 0, stream.get());
  }),
               host::Error);
  EXPECT_EQ(replay(capture()), eager(inputs.slots));
}

TEST_F(Graphs, TakeTimeOnTheDevice) {
  host::CudaGraph graph = capture();
  double once = stream.secondsOf([&] { graph.replay(); });
  EXPECT_GT(once, 0);
  EXPECT_LT(once, 60);
  EXPECT_EQ(outputOf(run), eager(inputs.slots));
}

} // namespace
