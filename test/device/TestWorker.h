// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Determines when the work on streams of a test device is done: by the test,
// step by step, or by threads.
#ifndef MOELORA_TEST_DEVICE_TESTWORKER_H
#define MOELORA_TEST_DEVICE_TESTWORKER_H

#include "TestFaults.h"
#include "TestPool.h"
#include "TestRunner.h"

#include <memory>

namespace moelora::test {

/// Where a stream is NULL, things are done at once.
class TestWorker {
public:
  virtual ~TestWorker() = default;

  virtual void start(TestStream &) {}
  virtual void start(TestEvent &) {}
  /// Waits for what is on it.
  virtual void end(TestStream &stream) = 0;
  virtual void end(TestEvent &) {}

  virtual void add(TestStream *stream, const TestItem &item,
                   const void *parameters) = 0;
  virtual void record(TestStream *stream, TestEvent &event) = 0;
  virtual void wait(TestStream *stream, TestEvent &event) = 0;
  virtual void synchronize(TestStream *stream) = 0;
  virtual bool passed(TestEvent &event) = 0;
};

/// Work is done only if the test requests it, or if the host waits: then the
/// stream does the necessary work, and other streams the work for which it
/// waits.
class TestSteps final : public TestWorker {
public:
  /// After this number of consecutive polls that find an event pending, all
  /// work is done. 0: never.
  TestSteps(TestRunner &runner, const TestFaults &faults,
            TestPool<TestStream> &streams, long patience)
      : runner(runner), faults(faults), streams(streams), patience(patience) {}

  /// Whether a stream has something that can be done now.
  bool isReady(const TestStream &stream) const;
  /// Does exactly one thing; false where the stream is not ready.
  bool step(TestStream &stream);
  void drain();

  void end(TestStream &stream) override { runTo(stream, stream.asked); }
  void add(TestStream *stream, const TestItem &item,
           const void *parameters) override;
  void record(TestStream *stream, TestEvent &event) override;
  void wait(TestStream *stream, TestEvent &event) override;
  void synchronize(TestStream *stream) override;
  bool passed(TestEvent &event) override;

private:
  void runTo(TestStream &stream, uint64_t position);

  TestRunner &runner;
  const TestFaults &faults;
  TestPool<TestStream> &streams;
  const long patience;
  long polls = 0;
};

/// Each stream is one of the cpu's, with its thread.
std::unique_ptr<TestWorker> testThreads(TestRunner &runner,
                                        const TestFaults &faults);

} // namespace moelora::test

#endif // MOELORA_TEST_DEVICE_TESTWORKER_H
