// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Streams, events and graphs of the fake driver. Work is done as late as
// possible.
#ifndef MOELORA_TEST_DEVICE_FAKESTREAM_H
#define MOELORA_TEST_DEVICE_FAKESTREAM_H

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace moelora::test {

using GraphHandle = struct FakeGraphHandle *;
using GraphRunHandle = struct FakeGraphRunHandle *;

/// Results that the runtime need not know.
enum : int {
  CaptureIsBroken = 901,
  CaptureIsolation = 905,
  CapturedEvent = 907,
};

using FakeGraph = std::vector<std::function<void()>>;

/// A capture of one stream. Others cannot join it.
struct FakeCapture {
  uint64_t id;
  int mode; // a cuda::CaptureMode
  bool broken = false;
  FakeGraph graph = {};
};

/// Work that is delayed until a caller can observe whether it is done.
struct FakeStream {
  std::deque<std::function<void()>> work;
  uint64_t asked = 0, done = 0;
  std::shared_ptr<FakeCapture> capture; // NULL: it is not captured

  void ask(std::function<void()> item) {
    work.push_back(std::move(item));
    ++asked;
  }
  void runTo(uint64_t position) {
    while (done < position) {
      std::function<void()> item = std::move(work.front());
      work.pop_front();
      item();
      ++done;
    }
  }
};

/// A position in a stream. The first polls find that it has not passed.
struct FakeEvent {
  static constexpr int latePolls = 2;
  std::shared_ptr<FakeStream> stream;
  uint64_t position = 0;
  int polls = 0;
  uint64_t capture = 0; // the id of that in which it was recorded
  std::shared_ptr<double> milliseconds = std::make_shared<double>(); // if timed

  bool passed() const { return !stream || stream->done >= position; }
};

} // namespace moelora::test

#endif // MOELORA_TEST_DEVICE_FAKESTREAM_H
