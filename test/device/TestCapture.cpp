// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The beginning and the end of captures. Vector clocks determine which streams
// have been joined: the clock of a stream contains, for each stream, the amount
// of its work that comes before.

#include "TestCapture.h"

#include <algorithm>

using namespace moelora::test;

static uint64_t at(const TestClock &clock, size_t index) {
  return index < clock.size() ? clock[index] : 0;
}

TestCaptures::Capture *TestCaptures::find(uint64_t id) {
  for (const std::unique_ptr<Capture> &capture : captures)
    if (capture->id == id)
      return capture.get();
  return nullptr;
}

const char *TestCaptures::breakIt(Capture *capture, const char *reason) {
  if (capture && !capture->broken)
    why = reason;
  if (capture)
    capture->broken = true;
  return reason;
}

const char *TestCaptures::breakAll(const char *reason) {
  for (const std::unique_ptr<Capture> &capture : captures)
    breakIt(capture.get(), reason);
  return reason;
}

std::string TestCaptures::whyBroken() const {
  std::lock_guard<std::mutex> lock(mutex);
  return why;
}

void TestCaptures::begin(TestStream &stream, TestCaptureMode mode) {
  std::lock_guard<std::mutex> lock(mutex);
  if (stream.capture) {
    breakIt(find(stream.capture), "a stream that is captured begins anew");
    return;
  }
  auto graph = std::make_unique<TestGraph>();
  captures.push_back(
      std::unique_ptr<Capture>(new Capture{++last,
                                           &stream,
                                           mode,
                                           std::this_thread::get_id(),
                                           false,
                                           {&stream},
                                           std::move(graph)}));
  stream.clock.clear();
  stream.capture = last;
  active = captures.size();
}

const char *TestCaptures::objectionToEnd(const Capture &capture,
                                         TestStream &stream) const {
  if (capture.origin != &stream)
    return "a capture ends on another stream than it began on";
  if (capture.mode != TestCaptureMode::Relaxed &&
      capture.thread != std::this_thread::get_id())
    return "a capture ends on another thread than it began on";
  for (const TestStream *other : capture.streams)
    if (at(stream.clock, other->index) < at(other->clock, other->index))
      return "a capture ends before all of its streams are joined";
  return nullptr;
}

std::unique_ptr<TestGraph> TestCaptures::end(TestStream &stream) {
  std::lock_guard<std::mutex> lock(mutex);
  Capture *capture = find(stream.capture);
  if (!capture)
    return nullptr;
  const char *objection = objectionToEnd(*capture, stream);
  if (objection)
    breakIt(capture, objection);
  if (capture->origin != &stream)
    return nullptr; // it continues, broken
  std::unique_ptr<TestGraph> graph;
  if (!capture->broken)
    graph = std::move(capture->graph);
  drop(capture);
  return graph;
}

void TestCaptures::leave(TestStream &stream) {
  if (none() || !stream.capture)
    return;
  std::lock_guard<std::mutex> lock(mutex);
  Capture *capture = find(stream.capture);
  breakIt(capture, "a stream that is captured is destroyed");
  stream.capture = 0;
  std::vector<TestStream *> &streams = capture->streams;
  streams.erase(std::find(streams.begin(), streams.end(), &stream));
  if (capture->origin == &stream)
    drop(capture);
}

/// Its remaining streams are not captured any more.
void TestCaptures::drop(Capture *capture) {
  for (TestStream *each : capture->streams)
    each->capture = 0;
  captures.erase(std::find_if(captures.begin(), captures.end(),
                              [&](auto &one) { return one.get() == capture; }));
  active = captures.size();
}

void TestCaptures::reset() {
  captures.clear();
  active = 0;
  last = 0;
  why.clear();
}
