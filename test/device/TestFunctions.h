// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The functions of the test device, as the runtime calls them.
#ifndef MOELORA_TEST_DEVICE_TESTFUNCTIONS_H
#define MOELORA_TEST_DEVICE_TESTFUNCTIONS_H

#include "TestDevice.h"

#include "base/Failure.h"
#include "device/Rules.h"

namespace moelora::test {

/// How a call ends: an objection is INVALID, none is OK.
struct TestAnswer {
  TestAnswer(const char *objection)
      : status(objection ? MOELORA_INVALID : MOELORA_OK), text(objection) {}
  TestAnswer(moelora_status status, const char *text)
      : status(status), text(text) {}

  moelora_status status;
  const char *text;
};

/// Functions are grouped as in the header of devices.
struct TestFunctions {
  static moelora_device all();
  static void addMemory(moelora_device &device);
  static void addStreams(moelora_device &device);
  static void addEvents(moelora_device &device);
  static void addKernels(moelora_device &device);

  static constexpr const char *told = "the device was told to fail";

  static TestDevice &of(void *context) {
    return *static_cast<TestDevice *>(context);
  }

  /// Runs the body of a call, if it is not to fail.
  template <typename Body>
  static moelora_status answer(void *context, TestCall call,
                               moelora_error **error, Body body) {
    TestDevice &device = of(context);
    if (error)
      *error = nullptr;
    moelora_status status = device.faults.next(call);
    if (device.faults.isLost() && call != TestCall::EventState)
      return moelora_error_make(error, MOELORA_DEVICE_LOST,
                                "the test device is lost");
    if (status != MOELORA_OK && call != TestCall::Launch)
      return moelora_error_make(error, status, told);
    try {
      TestAnswer answer = body(device, status);
      return answer.status == MOELORA_OK
                 ? MOELORA_OK
                 : moelora_error_make(error, answer.status, answer.text);
    } catch (const Failure &failure) {
      return moelora_error_make(error, failure.status, failure.text.c_str());
    }
  }

  /// An object that exists, or an objection.
  template <typename T, typename Handle>
  static const char *find(TestDevice &device, Handle *handle, T *&object) {
    object = reinterpret_cast<T *>(
        const_cast<std::remove_const_t<Handle> *>(handle));
    if (object->live)
      return nullptr;
    device.runner.complain("a handle is used after it was given back");
    return "the handle was given back";
  }

  /// Where a call puts its work.
  struct Place {
    TestStream *stream; // NULL: at once
    bool isNull;        // the stream with which all others are in order
    const char *objection;
  };
  static Place place(TestDevice &device, moelora_stream *stream) {
    if (!stream)
      return {device.nullStream, device.nullStream != nullptr, nullptr};
    TestStream *found = nullptr;
    const char *objection = find(device, stream, found);
    return {found, false, objection};
  }
  static const char *wait(TestDevice &device, moelora_stream *stream,
                          moelora_event *event);
  static const char *record(TestDevice &device, moelora_stream *stream,
                            moelora_event *event);
  static const char *stateOf(TestDevice &device, moelora_event *event,
                             int32_t &state);
  static void destroyStream(void *context, moelora_stream *stream);

  static moelora_status allocateFrom(void *context, TestCall call,
                                     TestMemory TestDevice::*memory,
                                     uint64_t bytes, void **result,
                                     moelora_error **error);
  static void releaseIn(void *context, TestMemory TestDevice::*memory,
                        void *block);
  static moelora_status loadModule(void *context, const moelora_binary *binary,
                                   moelora_module **module,
                                   moelora_error **error);
  static const char *addLaunch(TestDevice &device, moelora_stream *stream,
                               const moelora_launch &launch);
  static TestAnswer launchAll(TestDevice &device, moelora_stream *stream,
                              const moelora_launch *launches, uint32_t count,
                              moelora_status wished);
  /// Puts it there, or into a capture.
  static const char *add(TestDevice &device, moelora_stream *stream,
                         const TestItem &item, const void *parameters);
};

} // namespace moelora::test

#endif // MOELORA_TEST_DEVICE_TESTFUNCTIONS_H
