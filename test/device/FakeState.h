// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The state of the fake driver, and the common beginning of its functions.
#ifndef MOELORA_TEST_DEVICE_FAKESTATE_H
#define MOELORA_TEST_DEVICE_FAKESTATE_H

#include "FakeGpu.h"
#include "FakeRegistry.h"
#include "FakeStream.h"
#include "device/cuda/CudaTypes.h"

#include <mutex>
#include <set>
#include <thread>

namespace moelora::test {

/// The state of a stream's capture that tests set.
struct FakeCaptureState {
  const void *stream = nullptr;
  int status = 0;
  uint64_t id = 0;
};

struct FakeState {
  std::mutex mutex;
  long callsToFailure = -1;
  int failure = 0, devices = 1;
  bool loses = false; // the device, with the failure
  FakeCaptureState capture;
  bool features = true;
  long featureUses = 0, contexts = 0, livePools = 0;
  int lost = 0;          // the first result of work that failed
  uint64_t captures = 0; // that have begun
  long cubinLoads = 0;
  std::set<void *> memory;
  std::map<void *, FakeHostBlock> host;
  std::map<const char *, uint64_t> hostBytes; // of those blocks
  Registry<FakeGraph> graphs;
  Registry<FakeStream> streams;
  Registry<FakeEvent> events;
  Registry<FakeModule> modules;
  std::shared_ptr<FakeStream> defaultStream = std::make_shared<FakeStream>();
  std::map<std::thread::id, std::shared_ptr<FakeStream>> threadStreams;

  /// Puts work on a stream, or into the graph that the stream is captured
  /// into. After work that failed, none is done.
  void ask(FakeStream &stream, std::function<int()> work) {
    std::function<void()> item = [this, work = std::move(work)] {
      if (lost == cuda::Success)
        lost = work();
    };
    if (stream.capture)
      stream.capture->graph.push_back(std::move(item));
    else
      stream.ask(std::move(item));
  }

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
/// A cuda::CaptureMode of the thread.
extern thread_local int currentMode;

/// A call that may wait, which breaks captures unless they or its thread are
/// relaxed. Whether it did.
bool breakCaptures(FakeState &fake);

enum Kind { Anywhere, InContext, GivesBack };

/// Runs the body of one function of the driver, or lets it fail.
template <typename Body> int call(Kind kind, Body body) {
  FakeState &fake = state();
  std::lock_guard<std::mutex> lock(fake.mutex);
  if (kind != GivesBack && fake.callsToFailure >= 0 &&
      fake.callsToFailure-- == 0) {
    fake.lost = fake.loses ? fake.failure : fake.lost;
    return fake.failure;
  }
  if (kind == InContext && currentContexts == 0)
    return cuda::InvalidContext;
  if (kind == InContext && fake.lost)
    return fake.lost;
  int result = body(fake);
  return kind == InContext && fake.lost ? fake.lost : result;
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
