// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The fake driver: captures of streams into graphs, and their replays.

#include "FakeState.h"

using namespace moelora::test;
using namespace moelora::cuda;

bool moelora::test::breakCaptures(FakeState &fake) {
  if (currentMode == CaptureRelaxed)
    return false;
  bool broken = false;
  fake.streams.forEach([&](FakeStream &stream) {
    if (stream.capture && stream.capture->mode != CaptureRelaxed)
      broken = stream.capture->broken = true;
  });
  return broken;
}

extern "C" {

int cuStreamBeginCapture_v2(StreamHandle handle, int mode) {
  constexpr uintptr_t mostNumber = 2; // of streams that are no handles
  if (reinterpret_cast<uintptr_t>(handle) <= mostNumber)
    return CaptureUnsupported;
  return onStream(handle, [&](FakeState &fake, auto &stream) {
    if (stream->capture)
      return InvalidValue;
    stream->capture =
        std::make_shared<FakeCapture>(FakeCapture{++fake.captures, mode});
    return Success;
  });
}
int cuStreamEndCapture(StreamHandle handle, GraphHandle *graph) {
  return onStream(handle, [&](FakeState &fake, auto &stream) -> int {
    std::shared_ptr<FakeCapture> capture = std::move(stream->capture);
    stream->capture = nullptr;
    *graph = nullptr;
    if (!capture)
      return InvalidValue;
    if (capture->broken)
      return CaptureIsBroken;
    fake.graphs.add(graph, std::move(capture->graph));
    return Success;
  });
}
int cuGraphGetNodes(GraphHandle graph, void *nodes, size_t *count) {
  return call(InContext, [&](FakeState &fake) {
    std::shared_ptr<FakeGraph> found = fake.graphs.find(graph);
    if (!found || nodes)
      return InvalidValue;
    *count = found->size();
    return Success;
  });
}
int cuGraphDestroy(GraphHandle graph) {
  return call(GivesBack, [&](FakeState &fake) {
    return fake.graphs.remove(graph) ? Success : InvalidValue;
  });
}
int cuGraphInstantiateWithFlags(GraphRunHandle *run, GraphHandle graph,
                                uint64_t) {
  return call(InContext, [&](FakeState &fake) {
    std::shared_ptr<FakeGraph> found = fake.graphs.find(graph);
    if (!found)
      return InvalidValue;
    fake.graphs.add(run, FakeGraph(*found));
    return Success;
  });
}
int cuGraphExecDestroy(GraphRunHandle run) {
  return call(GivesBack, [&](FakeState &fake) {
    return fake.graphs.remove(run) ? Success : InvalidValue;
  });
}
int cuGraphLaunch(GraphRunHandle run, StreamHandle handle) {
  return onStream(handle, [&](FakeState &fake, auto &stream) {
    std::shared_ptr<FakeGraph> graph = fake.graphs.find(run);
    if (!graph || stream->capture)
      return InvalidValue;
    stream->ask([graph] {
      for (const std::function<void()> &item : *graph)
        item();
    });
    return Success;
  });
}
}
