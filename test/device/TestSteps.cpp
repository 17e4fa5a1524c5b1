// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The test device, one step at a time.

#include "TestWorker.h"

using namespace moelora::test;

bool TestSteps::isReady(const TestStream &stream) const {
  return !stream.work.empty() && !faults.isLost() &&
         (stream.work.begin()->kind != TestKind::Wait ||
          stream.work.begin()->moment.reached());
}

bool TestSteps::step(TestStream &stream) {
  if (!isReady(stream))
    return false;
  polls = 0;
  const TestItem &item = *stream.work.begin();
  runner.run(item, stream.work.parametersOf(item));
  stream.work.pop();
  ++stream.done;
  return true;
}

void TestSteps::drain() {
  for (bool moved = true; moved;) {
    moved = false;
    for (TestStream &stream : streams.objects())
      while (step(stream))
        moved = true;
  }
}

/// An item waits only for items that were enqueued before it, so this ends.
void TestSteps::runTo(TestStream &stream, uint64_t position) {
  while (stream.done < position && !faults.isLost())
    if (!step(stream)) {
      TestMoment moment = stream.work.begin()->moment;
      runTo(*const_cast<TestStream *>(moment.stream), moment.position);
    }
}

void TestSteps::add(TestStream *stream, const TestItem &item,
                    const void *parameters) {
  if (!stream) {
    runner.run(item, parameters);
    return;
  }
  stream->work.add(item, parameters);
  ++stream->asked;
}

void TestSteps::record(TestStream *stream, TestEvent &event) {
  if (!stream) {
    event.moment = {};
    return;
  }
  TestItem item = {};
  item.kind = TestKind::Record;
  add(stream, item, nullptr);
  event.moment = {stream, stream->asked};
}

void TestSteps::wait(TestStream *stream, TestEvent &event) {
  TestMoment moment = event.moment;
  if (moment.reached())
    return;
  if (!stream) {
    runTo(*const_cast<TestStream *>(moment.stream), moment.position);
    return;
  }
  TestItem item = {};
  item.kind = TestKind::Wait;
  item.moment = moment;
  add(stream, item, nullptr);
}

void TestSteps::synchronize(TestStream *stream) {
  if (stream)
    runTo(*stream, stream->asked);
}

bool TestSteps::passed(TestEvent &event) {
  if (event.moment.reached()) {
    polls = 0;
    return true;
  }
  if (patience && ++polls >= patience)
    drain();
  return event.moment.reached();
}
