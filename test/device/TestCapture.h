// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Captures of the test device: work on their streams is added to a graph. Calls
// that CUDA forbids during a capture break it.
#ifndef MOELORA_TEST_DEVICE_TESTCAPTURE_H
#define MOELORA_TEST_DEVICE_TESTCAPTURE_H

#include "TestWork.h"

#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace moelora::test {

/// Whose calls that may wait (for memory, for modules) break a capture. A
/// device that relaxes its calls, as ours of CUDA does, has none that do.
enum class TestCaptureMode { Global, ThreadLocal, Relaxed };

/// The captured work, in the order in which it was enqueued. The graph allows
/// this order, and replays use it.
struct TestGraph {
  TestWork work;
};

class TestCaptures {
public:
  void begin(TestStream &stream, TestCaptureMode mode);
  /// NULL where the capture is broken or its streams have not been joined.
  std::unique_ptr<TestGraph> end(TestStream &stream);
  /// Why the last one that broke did.
  std::string whyBroken() const;
  /// A stream that is destroyed.
  void leave(TestStream &stream);
  void reset();

  // Each returns NULL, or the reason of a refusal, which breaks captures. Those
  // that set `taken` have handled the call.

  /// Work on a stream; NULL is the one that takes part in no capture.
  const char *work(TestStream &stream, bool isNull, const TestItem &item,
                   const void *parameters, bool &taken);
  const char *record(TestStream &stream, bool isNull, TestEvent &event,
                     bool &taken);
  const char *wait(TestStream &stream, bool isNull, TestEvent &event,
                   bool &taken);
  /// The host waits for a stream, or queries an event.
  const char *synchronize(TestStream &stream, bool isNull);
  const char *ask(const TestEvent &event);
  /// A call that may wait.
  const char *unsafe();

  const char *stateOf(TestStream &stream, bool isNull, int32_t &state,
                      uint64_t &id);

private:
  struct Capture {
    uint64_t id;
    TestStream *origin;
    TestCaptureMode mode;
    std::thread::id thread;
    bool broken = false;
    std::vector<TestStream *> streams;
    std::unique_ptr<TestGraph> graph;
  };

  bool none() const { return !active.load(std::memory_order_relaxed); }
  Capture *find(uint64_t id);
  void drop(Capture *capture);
  const char *breakIt(Capture *capture, const char *why);
  const char *breakAll(const char *why);
  const char *join(Capture &capture, TestStream &stream,
                   const TestClock &clock);
  const char *usable(TestStream &stream, bool isNull, Capture *&capture);
  const char *objectionToEnd(const Capture &capture, TestStream &stream) const;

  mutable std::mutex mutex;
  std::atomic<size_t> active{0};
  uint64_t last = 0;
  std::vector<std::unique_ptr<Capture>> captures;
  std::string why;
};

} // namespace moelora::test

#endif // MOELORA_TEST_DEVICE_TESTCAPTURE_H
