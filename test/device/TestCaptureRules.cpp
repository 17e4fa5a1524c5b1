// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The calls that are allowed during a capture, and those that break it.

#include "TestCapture.h"

#include <algorithm>

using namespace moelora::test;

namespace {

constexpr const char *nullIsOutside =
    "stream NULL is in order with all streams, of which one is captured";

void advance(TestStream &stream) {
  stream.clock.resize(std::max(stream.clock.size(), stream.index + 1));
  ++stream.clock[stream.index];
}

void merge(TestClock &clock, const TestClock &other) {
  clock.resize(std::max(clock.size(), other.size()));
  for (size_t i = 0; i < other.size(); ++i)
    clock[i] = std::max(clock[i], other[i]);
}

} // namespace

/// The capture of a stream, or none.
const char *TestCaptures::usable(TestStream &stream, bool isNull,
                                 Capture *&capture) {
  if (isNull)
    return captures.empty() ? nullptr : breakAll(nullIsOutside);
  capture = find(stream.capture);
  return capture && capture->broken ? "the capture of the stream is broken"
                                    : nullptr;
}

const char *TestCaptures::work(TestStream &stream, bool isNull,
                               const TestItem &item, const void *parameters,
                               bool &taken) {
  if (none())
    return nullptr;
  std::lock_guard<std::mutex> lock(mutex);
  Capture *capture = nullptr;
  if (const char *objection = usable(stream, isNull, capture))
    return objection;
  if (!capture)
    return nullptr;
  advance(stream);
  capture->graph->work.add(item, parameters);
  taken = true;
  return nullptr;
}

const char *TestCaptures::record(TestStream &stream, bool isNull,
                                 TestEvent &event, bool &taken) {
  if (none()) {
    event.capture = 0;
    return nullptr;
  }
  std::lock_guard<std::mutex> lock(mutex);
  Capture *capture = nullptr;
  if (const char *objection = usable(stream, isNull, capture))
    return objection;
  event.capture = capture ? capture->id : 0;
  if (!capture)
    return nullptr;
  event.clock = stream.clock;
  taken = true;
  return nullptr;
}

const char *TestCaptures::join(Capture &capture, TestStream &stream,
                               const TestClock &clock) {
  if (!stream.capture) {
    stream.clock.clear();
    stream.capture = capture.id;
    capture.streams.push_back(&stream);
  }
  merge(stream.clock, clock);
  return nullptr;
}

const char *TestCaptures::wait(TestStream &stream, bool isNull,
                               TestEvent &event, bool &taken) {
  if (none() && !event.capture)
    return nullptr;
  std::lock_guard<std::mutex> lock(mutex);
  Capture *mine = nullptr, *its = find(event.capture);
  if (const char *objection = usable(stream, isNull, mine))
    return objection;
  if (!mine && !event.capture)
    return nullptr;
  taken = true;
  if (!its && event.capture)
    return breakIt(mine, "an event is waited for after its capture has ended");
  if (!its)
    return breakIt(mine, "a capture waits for an event outside of it");
  if (mine && mine != its) {
    breakIt(mine, "");
    return breakIt(its, "a capture waits for an event of another one");
  }
  return its->broken ? "the capture of the event is broken"
                     : join(*its, stream, event.clock);
}

const char *TestCaptures::synchronize(TestStream &stream, bool isNull) {
  if (none())
    return nullptr;
  std::lock_guard<std::mutex> lock(mutex);
  if (isNull)
    return captures.empty() ? nullptr : breakAll(nullIsOutside);
  Capture *capture = find(stream.capture);
  return capture ? breakIt(capture, "a stream that is captured is waited for")
                 : nullptr;
}

const char *TestCaptures::ask(const TestEvent &event) {
  if (!event.capture)
    return nullptr;
  std::lock_guard<std::mutex> lock(mutex);
  return breakIt(find(event.capture), "an event of a capture is asked for");
}

const char *TestCaptures::unsafe() {
  if (none())
    return nullptr;
  std::lock_guard<std::mutex> lock(mutex);
  const char *objection = nullptr;
  for (const std::unique_ptr<Capture> &capture : captures) {
    bool mine = capture->thread == std::this_thread::get_id();
    if (capture->mode == TestCaptureMode::Global ||
        (capture->mode == TestCaptureMode::ThreadLocal && mine))
      objection = breakIt(capture.get(), "a call may wait during a capture");
  }
  return objection;
}

const char *TestCaptures::stateOf(TestStream &stream, bool isNull,
                                  int32_t &state, uint64_t &id) {
  state = MOELORA_CAPTURE_NONE;
  id = 0;
  if (none())
    return nullptr;
  std::lock_guard<std::mutex> lock(mutex);
  if (isNull)
    return captures.empty() ? nullptr : nullIsOutside; // and breaks nothing
  if (Capture *capture = find(stream.capture)) {
    state = capture->broken ? MOELORA_CAPTURE_BROKEN : MOELORA_CAPTURE_ACTIVE;
    id = capture->id;
  }
  return nullptr;
}
