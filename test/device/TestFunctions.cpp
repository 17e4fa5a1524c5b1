// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions of the test device: memory, copies and stores.

#include "TestFunctions.h"

using namespace moelora;
using namespace moelora::test;

const char *TestFunctions::add(TestDevice &device, moelora_stream *stream,
                               const TestItem &item, const void *parameters) {
  Place at = place(device, stream);
  if (at.objection)
    return at.objection;
  bool taken = false;
  if (at.stream)
    if (const char *objection = device.captures.work(*at.stream, at.isNull,
                                                     item, parameters, taken))
      return objection;
  if (!taken)
    device.worker->add(at.stream, item, parameters);
  return nullptr;
}

/// Calls of this kind break captures, and free the object nevertheless.
void TestFunctions::releaseIn(void *context, TestMemory TestDevice::*memory,
                              void *block) {
  TestDevice &device = of(context);
  if (!block)
    return;
  device.captures.unsafe();
  if (!(device.*memory).release(block))
    device.runner.complain("memory is released that is not allocated");
}

moelora_status TestFunctions::allocateFrom(void *context, TestCall call,
                                           TestMemory TestDevice::*memory,
                                           uint64_t bytes, void **result,
                                           moelora_error **error) {
  return answer(context, call, error, [&](TestDevice &device, moelora_status) {
    checkResults(result);
    if (const char *objection = device.captures.unsafe())
      return TestAnswer(objection);
    void *made = (device.*memory).allocate(bytes);
    if (!made)
      return TestAnswer(MOELORA_OUT_OF_MEMORY, "the test device is full");
    *result = made;
    return TestAnswer(nullptr);
  });
}

void TestFunctions::addMemory(moelora_device &device) {
  device.allocate = [](void *context, uint64_t bytes, void **memory,
                       moelora_error **error) {
    return allocateFrom(context, TestCall::Allocate, &TestDevice::memory, bytes,
                        memory, error);
  };
  device.release = [](void *context, void *memory, uint64_t) {
    releaseIn(context, &TestDevice::memory, memory);
  };
  device.allocate_host = [](void *context, uint64_t bytes, void **memory,
                            moelora_error **error) {
    return allocateFrom(context, TestCall::AllocateHost,
                        &TestDevice::hostMemory, bytes, memory, error);
  };
  device.release_host = [](void *context, void *memory, uint64_t) {
    releaseIn(context, &TestDevice::hostMemory, memory);
  };
  device.copy = [](void *context, moelora_stream *stream, void *to,
                   const void *from, uint64_t bytes, moelora_error **error) {
    return answer(context, TestCall::Copy, error,
                  [&](TestDevice &device, moelora_status) -> TestAnswer {
                    checkCopy(to, from, bytes);
                    if (!bytes)
                      return nullptr;
                    TestItem item = {};
                    item.kind = TestKind::Copy;
                    item.to = to;
                    item.from = from;
                    item.bytes = bytes;
                    return add(device, stream, item, nullptr);
                  });
  };
  device.store = [](void *context, moelora_stream *stream, uint64_t *to,
                    uint64_t value, moelora_error **error) {
    return answer(context, TestCall::Store, error,
                  [&](TestDevice &device, moelora_status) -> TestAnswer {
                    checkStore(to);
                    TestItem item = {};
                    item.kind = TestKind::Store;
                    item.to = to;
                    item.value = value;
                    return add(device, stream, item, nullptr);
                  });
  };
}
