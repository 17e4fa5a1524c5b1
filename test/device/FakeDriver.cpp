// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The fake driver: devices, contexts, and how tests steer it.

#include "FakeDriver.h"
#include "FakeState.h"

#include <utility>

using namespace moelora::test;
using namespace moelora::cuda;

thread_local int moelora::test::currentContexts = 0;

namespace {

/// Every fake GPU has the one context, which is its address.
ContextHandle theContext() { return reinterpret_cast<ContextHandle>(&state()); }

void setFailure(long n, int result) {
  std::lock_guard<std::mutex> lock(state().mutex);
  state().callsToFailure = n;
  state().failure = result;
}
void setFeatures(bool all) { state().features = all; }
void setDevices(int count) { state().devices = count; }

FakeLive live() {
  FakeState &fake = state();
  std::lock_guard<std::mutex> lock(fake.mutex);
  return {currentContexts,
          fake.contexts,
          fake.livePools,
          fake.liveMemory,
          static_cast<long>(fake.host.size()),
          fake.streams.live(),
          fake.events.live(),
          fake.modules.live()};
}
long featureUses() { return state().featureUses; }
void setCapture(const void *stream, int status, unsigned long long id) {
  std::lock_guard<std::mutex> lock(state().mutex);
  state().capture = {stream, status, id};
}
long callsToFailure() { return state().callsToFailure; }

} // namespace

extern "C" {

const FakeControl *fake_cuda_control() {
  static const FakeControl control = {setFailure,    setFeatures, setDevices,
                                      live,          featureUses, setCapture,
                                      callsToFailure};
  return &control;
}

int cuGetErrorName(int result, const char **name) {
  static std::map<int, std::string> names;
  *name = (names[result] = "FAKE_ERROR_" + std::to_string(result)).c_str();
  return Success;
}
int cuGetErrorString(int, const char **text) {
  *text = "as the test wished";
  return Success;
}

int cuInit(unsigned) {
  return call(Anywhere, [&](FakeState &) { return Success; });
}
int cuDriverGetVersion(int *version) {
  return call(Anywhere, [&](FakeState &fake) {
    *version = fake.features ? 12080 : 11000;
    return Success;
  });
}
int cuDeviceGetCount(int *count) {
  return call(Anywhere, [&](FakeState &fake) {
    *count = fake.devices;
    return Success;
  });
}
int cuDeviceGet(int *device, int ordinal) {
  return call(Anywhere, [&](FakeState &) {
    *device = ordinal;
    return Success;
  });
}
int cuDeviceGetName(char *name, int bytes, int) {
  return call(Anywhere, [&](FakeState &) {
    std::string text = "Fake GPU";
    text.copy(name, static_cast<size_t>(bytes));
    return Success;
  });
}
int cuDeviceGetAttribute(int *value, int attribute, int) {
  return call(Anywhere, [&](FakeState &fake) {
    const std::map<int, int> values = {
        {MostSharedBytes, 99 << 10},     {Multiprocessors, 7},
        {ArchitectureMajor, 9},          {ArchitectureMinor, 0},
        {HasMemoryPools, fake.features}, {HasStores, fake.features}};
    if (!values.count(attribute))
      return InvalidValue;
    *value = values.at(attribute);
    return Success;
  });
}

int cuDevicePrimaryCtxRetain(ContextHandle *context, int) {
  return call(Anywhere, [&](FakeState &fake) {
    ++fake.contexts;
    *context = theContext();
    return Success;
  });
}
int cuDevicePrimaryCtxRelease_v2(int) {
  return call(GivesBack, [&](FakeState &fake) {
    --fake.contexts;
    return Success;
  });
}
int cuCtxPushCurrent_v2(ContextHandle context) {
  return call(Anywhere, [&](FakeState &fake) -> int {
    if (context != theContext() || fake.contexts == 0)
      return InvalidContext;
    ++currentContexts;
    return Success;
  });
}
int cuCtxPopCurrent_v2(ContextHandle *context) {
  return call(GivesBack, [&](FakeState &) -> int {
    *context = theContext();
    return currentContexts-- > 0 ? Success : InvalidContext;
  });
}
int cuThreadExchangeStreamCaptureMode(int *mode) {
  static thread_local int current = 0;
  std::swap(*mode, current);
  return Success;
}
}
