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
thread_local int moelora::test::currentMode = 0;

namespace {

/// Every fake GPU has the one context, which is its address.
ContextHandle theContext() { return reinterpret_cast<ContextHandle>(&state()); }

void setFailure(long n, int result, bool loses) {
  std::lock_guard<std::mutex> lock(state().mutex);
  state().callsToFailure = n;
  state().failure = result;
  state().loses = loses;
}
void failCall(long n, int result) { setFailure(n, result, false); }
void loseAtCall(long n, int result) { setFailure(n, result, true); }
void setFeatures(bool all) { state().features = all; }
void setDevices(int count) { state().devices = count; }

FakeLive live() {
  FakeState &fake = state();
  std::lock_guard<std::mutex> lock(fake.mutex);
  return {currentContexts,
          fake.contexts,
          fake.livePools,
          static_cast<long>(fake.memory.size()),
          static_cast<long>(fake.host.size()),
          fake.streams.live(),
          fake.events.live(),
          fake.modules.live(),
          fake.graphs.live()};
}
long featureUses() { return state().featureUses; }
void setCapture(const void *stream, int status, unsigned long long id) {
  std::lock_guard<std::mutex> lock(state().mutex);
  state().capture = {stream, status, id};
}
long callsToFailure() { return state().callsToFailure; }
long cubinLoads() { return state().cubinLoads; }

/// With the last context ends everything that is on the device.
void endAll(FakeState &fake) {
  fake.defaultStream = std::make_shared<FakeStream>();
  fake.threadStreams.clear();
  fake.lost = Success;
  gpu().reset();
}

} // namespace

extern "C" {

const FakeControl *fake_cuda_control() {
  static const FakeControl control = {failCall,   loseAtCall,     setFeatures,
                                      setDevices, live,           featureUses,
                                      setCapture, callsToFailure, cubinLoads};
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
    gpu().facts().name.copy(name, static_cast<size_t>(bytes));
    return Success;
  });
}
int cuDeviceGetAttribute(int *value, int attribute, int) {
  return call(Anywhere, [&](FakeState &fake) {
    FakeGpu::Facts facts = gpu().facts();
    const std::map<int, int> values = {
        {MostSharedBytes, facts.sharedBytes},
        {Multiprocessors, facts.multiprocessors},
        {ArchitectureMajor, facts.architecture / 10},
        {ArchitectureMinor, facts.architecture % 10},
        {HasMemoryPools, fake.features},
        {HasStores, fake.features}};
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
    if (--fake.contexts == 0)
      endAll(fake);
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
  std::swap(*mode, currentMode);
  return Success;
}
}
