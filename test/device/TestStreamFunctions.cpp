// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions of the test device: streams and events.

#include "TestFunctions.h"

using namespace moelora;
using namespace moelora::test;

void TestFunctions::destroyStream(void *context, moelora_stream *stream) {
  TestDevice &device = of(context);
  TestStream *found = nullptr;
  if (!stream || find(device, stream, found))
    return;
  device.captures.leave(*found);
  device.worker->end(*found);
  found->work.clear(); // what a lost device has not done
  found->done = found->asked;
  device.streamPool.give(*found);
}

void TestFunctions::addStreams(moelora_device &device) {
  device.stream_create = [](void *context, moelora_stream **stream,
                            moelora_error **error) {
    return answer(context, TestCall::StreamCreate, error,
                  [&](TestDevice &device, moelora_status) -> TestAnswer {
                    checkResults(stream);
                    TestStream &made = device.streamPool.take();
                    device.worker->start(made);
                    *stream = made.handle();
                    return nullptr;
                  });
  };
  device.stream_destroy = destroyStream;
  device.stream_synchronize = [](void *context, moelora_stream *stream,
                                 moelora_error **error) {
    return answer(context, TestCall::StreamSynchronize, error,
                  [&](TestDevice &device, moelora_status) -> TestAnswer {
                    Place at = place(device, stream);
                    if (!at.objection && at.stream)
                      at.objection =
                          device.captures.synchronize(*at.stream, at.isNull);
                    if (!at.objection)
                      device.worker->synchronize(at.stream);
                    return at.objection;
                  });
  };
  device.stream_wait = [](void *context, moelora_stream *stream,
                          moelora_event *event, moelora_error **error) {
    return answer(context, TestCall::StreamWait, error,
                  [&](TestDevice &device, moelora_status) -> TestAnswer {
                    return wait(device, stream, event);
                  });
  };
  device.capture = [](void *context, moelora_stream *stream, int32_t *state,
                      uint64_t *id, moelora_error **error) {
    return answer(context, TestCall::Capture, error,
                  [&](TestDevice &device, moelora_status) -> TestAnswer {
                    checkResults(state, id);
                    Place at = place(device, stream);
                    *state = MOELORA_CAPTURE_NONE;
                    *id = 0;
                    if (at.objection || !at.stream)
                      return at.objection;
                    return device.captures.stateOf(*at.stream, at.isNull,
                                                   *state, *id);
                  });
  };
}

const char *TestFunctions::wait(TestDevice &device, moelora_stream *stream,
                                moelora_event *event) {
  checkThere(event, "an event");
  TestEvent *awaited = nullptr;
  if (const char *objection = find(device, event, awaited))
    return objection;
  Place at = place(device, stream);
  if (at.objection)
    return at.objection;
  bool taken = false;
  const char *objection =
      at.stream ? device.captures.wait(*at.stream, at.isNull, *awaited, taken)
                : device.captures.ask(*awaited);
  if (!objection && !taken)
    device.worker->wait(at.stream, *awaited);
  return objection;
}

const char *TestFunctions::record(TestDevice &device, moelora_stream *stream,
                                  moelora_event *event) {
  checkThere(event, "an event");
  TestEvent *recorded = nullptr;
  if (const char *objection = find(device, event, recorded))
    return objection;
  Place at = place(device, stream);
  if (at.objection)
    return at.objection;
  bool taken = false;
  const char *objection = nullptr;
  if (at.stream)
    objection = device.captures.record(*at.stream, at.isNull, *recorded, taken);
  else
    recorded->capture = 0;
  if (objection)
    return objection;
  recorded->failed = false;
  if (!taken)
    device.worker->record(at.stream, *recorded);
  return nullptr;
}

const char *TestFunctions::stateOf(TestDevice &device, moelora_event *event,
                                   int32_t &state) {
  checkThere(event, "an event");
  TestEvent *asked = nullptr;
  if (const char *objection = find(device, event, asked))
    return objection;
  if (const char *objection = device.captures.ask(*asked))
    return objection;
  if (device.faults.isLost() || asked->failed)
    state = MOELORA_EVENT_FAILED;
  else
    state = device.worker->passed(*asked) ? MOELORA_EVENT_PASSED
                                          : MOELORA_EVENT_PENDING;
  return nullptr;
}

void TestFunctions::addEvents(moelora_device &device) {
  device.event_create = [](void *context, moelora_event **event,
                           moelora_error **error) {
    return answer(context, TestCall::EventCreate, error,
                  [&](TestDevice &device, moelora_status) -> TestAnswer {
                    checkResults(event);
                    TestEvent &made = device.eventPool.take();
                    made.moment = {};
                    made.failed = false;
                    made.capture = 0;
                    device.worker->start(made);
                    *event = reinterpret_cast<moelora_event *>(&made);
                    return nullptr;
                  });
  };
  device.event_destroy = [](void *context, moelora_event *event) {
    TestEvent *found = nullptr;
    if (!event || find(of(context), event, found))
      return;
    of(context).worker->end(*found);
    of(context).eventPool.give(*found);
  };
  device.event_record = [](void *context, moelora_stream *stream,
                           moelora_event *event, moelora_error **error) {
    return answer(context, TestCall::EventRecord, error,
                  [&](TestDevice &device, moelora_status) -> TestAnswer {
                    return record(device, stream, event);
                  });
  };
  device.event_state = [](void *context, moelora_event *event, int32_t *state,
                          moelora_error **error) {
    return answer(context, TestCall::EventState, error,
                  [&](TestDevice &device, moelora_status) -> TestAnswer {
                    checkResults(state);
                    return stateOf(device, event, *state);
                  });
  };
}
