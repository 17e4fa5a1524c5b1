// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The functions of the test device for tests.

#include "TestDevice.h"

#include "TestFunctions.h"

#include <cstdlib>

using namespace moelora::test;

TestDevice::TestDevice(const TestDeviceOptions &options)
    : memory(options.arenaBytes, !options.hostVisible, options.freed,
             options.mostKept),
      hostMemory(options.arenaBytes, /*hidden=*/false,
                 options.freed == TestFreed::Reused ? TestFreed::Reused
                                                    : TestFreed::Kept,
                 options.mostKept),
      options(options), runner(memory) {
  functions = TestFunctions::all();
  functions.context = this;
  functions.host_visible = options.hostVisible;
  functions.null_is_done = options.nullIsDone;
  if (options.threaded) {
    worker = testThreads(runner, faults);
  } else {
    auto made = std::make_unique<TestSteps>(runner, faults, streamPool,
                                            options.patience);
    steps = made.get();
    worker = std::move(made);
  }
  if (options.nullIsDone)
    return;
  nullStream = &streamPool.take();
  worker->start(*nullStream);
}

/// Threads do what they still have to; without them, it is not done.
TestDevice::~TestDevice() {
  if (steps)
    return;
  for (TestStream &stream : streamPool.objects())
    if (stream.live)
      worker->end(stream);
  for (TestEvent &event : eventPool.objects())
    if (event.live)
      worker->end(event);
}

TestStream *TestDevice::streamOf(moelora_stream *stream) {
  return stream ? reinterpret_cast<TestStream *>(stream) : nullStream;
}

bool TestDevice::step(moelora_stream *stream) {
  return steps->step(*streamOf(stream));
}
void TestDevice::drain() { steps->drain(); }
bool TestDevice::isReady(moelora_stream *stream) {
  return steps->isReady(*streamOf(stream));
}
const TestWork &TestDevice::pending(moelora_stream *stream) {
  return streamOf(stream)->work;
}

std::vector<moelora_stream *> TestDevice::streams() {
  std::vector<moelora_stream *> handles;
  for (TestStream &stream : streamPool.objects())
    if (stream.live)
      handles.push_back(&stream == nullStream ? nullptr : stream.handle());
  return handles;
}

void TestDevice::reset() {
  if (!steps)
    std::abort(); // threads cannot be forgotten
  for (TestStream &stream : streamPool.objects()) {
    stream.work.clear();
    stream.done = stream.asked;
    stream.capture = 0;
  }
  captures.reset();
  streamPool.reset();
  eventPool.reset();
  modulePool.reset();
  memory.reset();
  hostMemory.reset();
  runner.reset();
  faults.heal();
  if (nullStream)
    nullStream = &streamPool.take();
}

void TestDevice::beginCapture(moelora_stream *stream, TestCaptureMode mode) {
  if (!stream)
    runner.complain("stream NULL cannot be captured");
  else
    captures.begin(*streamOf(stream), mode);
}

std::unique_ptr<TestGraph> TestDevice::endCapture(moelora_stream *stream) {
  return captures.end(*streamOf(stream));
}

void TestDevice::replay(const TestGraph &graph, moelora_stream *stream) {
  TestStream *place = streamOf(stream);
  if (place && place->capture)
    runner.complain("a graph is replayed on a stream that is captured");
  else
    for (const TestItem &item : graph.work)
      worker->add(place, item, graph.work.parametersOf(item));
}

void TestDevice::failEvent(moelora_event *event) {
  reinterpret_cast<TestEvent *>(event)->failed = true;
}

std::vector<std::string> TestDevice::complaints() const {
  std::vector<std::string> texts = runner.complaints();
  if (!memory.freedIsIntact() || !hostMemory.freedIsIntact())
    texts.push_back("memory that was given back has been written to");
  return texts;
}

TestDevice::Live TestDevice::live() const {
  return {memory.live(), hostMemory.live(),
          streamPool.live() - (nullStream ? 1 : 0), eventPool.live(),
          modulePool.live()};
}
