// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A device on the host for tests. It captures and replays graphs, can make its
// memory inaccessible to the host, does its work when a test requests it, and
// can let any call fail.
//
//   TestDevice device;                    nothing is done but step by step
//   device.step(stream), device.drain()
//   device.beginCapture(stream) ... device.endCapture(stream), device.replay
//   device.faults.fail(TestCall::Copy), device.faults.lose()
//   device.complaints()                   what broke the rules of devices
//
// The library does not contain the runtime: link moelora_rt or
// moelora_rt_internal after it.
#ifndef MOELORA_TEST_DEVICE_TESTDEVICE_H
#define MOELORA_TEST_DEVICE_TESTDEVICE_H

#include "TestCapture.h"
#include "TestWorker.h"

namespace moelora::test {

struct TestDeviceOptions {
  /// Without threads, only one thread may call, and everything is
  /// deterministic.
  bool threaded = false;
  /// The fields of the device with these names. If memory is not visible, an
  /// access of the host is a fault, except while the device works.
  bool hostVisible = false, nullIsDone = false;
  TestFreed freed = TestFreed::Reused;
  size_t mostKept = SIZE_MAX; // freed allocations
  uint64_t arenaBytes = uint64_t(1) << 30;
  int64_t kind = MOELORA_DEVICE_KIND_OTHER;
  long patience = 10000; // see TestSteps
};

class TestDevice {
public:
  explicit TestDevice(const TestDeviceOptions &options = {});
  ~TestDevice();
  TestDevice(const TestDevice &) = delete;

  const moelora_device *get() const { return &functions; }

  TestFaults faults;
  TestMemory memory, hostMemory;

  // Without threads: does exactly one thing on a stream, false where there is
  // none that can be done; everything that can be done.
  bool step(moelora_stream *stream);
  void drain();
  /// Whether a step would do something.
  bool isReady(moelora_stream *stream);
  /// The work on a stream, in order.
  const TestWork &pending(moelora_stream *stream);
  /// The existing streams, in the order of their handles, including NULL if
  /// work on it is not done immediately.
  std::vector<moelora_stream *> streams();
  /// Equal for two states that only the handles' history can tell apart: what
  /// is on streams, where events are, what is captured and what memory holds.
  uint64_t hash(bool withContents = true) const;
  /// Resets the device to its initial state, except handles of the host.
  /// Streams must not have threads.
  void reset();

  /// Work on the stream is recorded instead of done.
  void beginCapture(moelora_stream *stream,
                    TestCaptureMode mode = TestCaptureMode::ThreadLocal);
  /// NULL if the capture broke; whyBroken() returns the reason.
  std::unique_ptr<TestGraph> endCapture(moelora_stream *stream);
  std::string whyBroken() const { return captures.whyBroken(); }
  /// Puts what a graph holds on a stream; the graph stays until that is done.
  void replay(const TestGraph &graph, moelora_stream *stream);

  /// This event will not pass any more, until it is recorded again.
  void failEvent(moelora_event *event);

  /// Copies and stores outside of allocations, kernels that access freed
  /// memory, and invalid handles.
  std::vector<std::string> complaints() const;
  /// The objects that have been created and not freed.
  struct Live {
    long memory, host, streams, events, modules;
    long all() const { return memory + host + streams + events + modules; }
  };
  Live live() const;

private:
  friend struct TestFunctions;
  TestStream *streamOf(moelora_stream *stream);

  moelora_device functions = {};
  const TestDeviceOptions options;
  TestRunner runner;
  TestCaptures captures;
  TestPool<TestStream> streamPool;
  TestPool<TestEvent> eventPool;
  TestPool<TestModule> modulePool;
  TestStream *nullStream = nullptr; // NULL: what is on it is done at once
  std::unique_ptr<TestWorker> worker;
  TestSteps *steps = nullptr; // the worker, without threads
};

} // namespace moelora::test

#endif // MOELORA_TEST_DEVICE_TESTDEVICE_H
