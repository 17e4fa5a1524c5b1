// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The state of the fake driver, and the common beginning of its functions.
#ifndef MOELORA_TEST_DEVICE_FAKESTATE_H
#define MOELORA_TEST_DEVICE_FAKESTATE_H

#include "FakeMemory.h"
#include "FakeStream.h"
#include "device/cuda/CudaTypes.h"
#include "moelora/runtime/Device.h"

#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace moelora::test {

struct FakeFunction {
  moelora_host_kernel kernel;
  int sharedBytes;
  bool loaded = false;
};
using FakeModule = std::map<std::string, FakeFunction>;

/// Objects by the handles that callers have.
template <typename T> class Registry {
public:
  template <typename Handle> void add(Handle *handle, T object) {
    auto made = std::make_shared<T>(std::move(object));
    *handle = reinterpret_cast<Handle>(made.get());
    objects[made.get()] = std::move(made);
  }
  std::shared_ptr<T> find(const void *handle) const {
    auto found = objects.find(handle);
    return found == objects.end() ? nullptr : found->second;
  }
  bool remove(const void *handle) { return objects.erase(handle); }
  long live() const { return static_cast<long>(objects.size()); }

private:
  std::map<const void *, std::shared_ptr<T>> objects;
};

/// The state of a stream's capture that tests set.
struct FakeCapture {
  const void *stream = nullptr;
  int status = 0;
  uint64_t id = 0;
};

using FakeHostBlock = std::unique_ptr<void, void (*)(void *)>;

struct FakeState {
  std::mutex mutex;
  long callsToFailure = -1;
  int failure = 0, devices = 1;
  FakeCapture capture;
  bool features = true;
  long featureUses = 0, contexts = 0, livePools = 0, liveMemory = 0;
  FakeMemory memory;
  std::map<void *, FakeHostBlock> host;
  Registry<FakeStream> streams;
  Registry<FakeEvent> events;
  Registry<FakeModule> modules;
  std::shared_ptr<FakeStream> defaultStream = std::make_shared<FakeStream>();
  std::map<std::thread::id, std::shared_ptr<FakeStream>> threadStreams;

  std::shared_ptr<FakeStream> stream(const void *handle) {
    // The values of CU_STREAM_LEGACY and CU_STREAM_PER_THREAD.
    auto value = reinterpret_cast<uintptr_t>(handle);
    if (value <= 1)
      return defaultStream;
    if (value > 2)
      return streams.find(handle);
    std::shared_ptr<FakeStream> &mine =
        threadStreams[std::this_thread::get_id()];
    if (!mine)
      mine = std::make_shared<FakeStream>();
    return mine;
  }
};

inline FakeState &state() {
  static FakeState only;
  return only;
}
/// How often this thread has pushed the context.
extern thread_local int currentContexts;

enum Kind { Anywhere, InContext, GivesBack };

/// Runs the body of one function of the driver, or lets it fail.
template <typename Body> int call(Kind kind, Body body) {
  FakeState &fake = state();
  std::lock_guard<std::mutex> lock(fake.mutex);
  if (kind != GivesBack && fake.callsToFailure >= 0 &&
      fake.callsToFailure-- == 0)
    return fake.failure;
  if (kind == InContext && currentContexts == 0)
    return cuda::InvalidContext;
  return body(fake);
}

/// The same, on a stream that must exist.
template <typename Body> int onStream(cuda::StreamHandle handle, Body body) {
  return call(InContext, [&](FakeState &fake) -> int {
    std::shared_ptr<FakeStream> stream = fake.stream(handle);
    return stream ? body(fake, stream) : cuda::InvalidHandle;
  });
}

} // namespace moelora::test

#endif // MOELORA_TEST_DEVICE_FAKESTATE_H
