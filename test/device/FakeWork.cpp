// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The fake driver: streams, events, copies and stores.

#include "FakeState.h"

using namespace moelora::test;
using namespace moelora::cuda;

namespace {

template <typename Body> int onEvent(EventHandle handle, Body body) {
  return call(InContext, [&](FakeState &fake) -> int {
    std::shared_ptr<FakeEvent> event = fake.events.find(handle);
    return event ? body(*event) : InvalidHandle;
  });
}

/// Memory that the device must not use is not changed, so that tests detect an
/// error.
int copyBytes(Address to, Address from, size_t bytes, StreamHandle handle) {
  return onStream(handle, [&](FakeState &fake, auto &stream) {
    stream->ask([&fake, to, from, bytes] {
      auto *target = reinterpret_cast<void *>(to);
      auto *source = reinterpret_cast<const void *>(from);
      FakeMemory::Access access(fake.memory);
      if (fake.memory.mayUse(target, bytes) &&
          fake.memory.mayUse(source, bytes))
        std::memcpy(target, source, bytes);
    });
    return Success;
  });
}

} // namespace

extern "C" {

int cuMemcpyAsync(Address to, Address from, size_t bytes, StreamHandle handle) {
  return copyBytes(to, from, bytes, handle);
}
int cuMemcpyHtoDAsync_v2(Address to, const void *from, size_t bytes,
                         StreamHandle handle) {
  return copyBytes(to, reinterpret_cast<Address>(from), bytes, handle);
}
int cuStreamWriteValue64_v2(StreamHandle handle, Address to, uint64_t value,
                            unsigned) {
  return onStream(handle, [&](FakeState &fake, auto &stream) {
    ++fake.featureUses;
    stream->ask([&fake, to, value] {
      auto *target = reinterpret_cast<uint64_t *>(to);
      FakeMemory::Access access(fake.memory);
      if (fake.memory.mayUse(target, sizeof value))
        __atomic_store_n(target, value, __ATOMIC_RELEASE);
    });
    return Success;
  });
}

int cuStreamCreate(StreamHandle *handle, unsigned) {
  return call(InContext, [&](FakeState &fake) {
    fake.streams.add(handle, FakeStream());
    return Success;
  });
}
// The remaining work would be done later by CUDA; here it is never done.
int cuStreamDestroy_v2(StreamHandle handle) {
  return call(GivesBack, [&](FakeState &fake) {
    return fake.streams.remove(handle) ? Success : InvalidHandle;
  });
}
int cuStreamSynchronize(StreamHandle handle) {
  return onStream(handle, [&](FakeState &, auto &stream) {
    stream->runTo(stream->asked);
    return Success;
  });
}
int cuStreamWaitEvent(StreamHandle handle, EventHandle awaited, unsigned) {
  return onStream(handle, [&](FakeState &fake, auto &stream) -> int {
    std::shared_ptr<FakeEvent> event = fake.events.find(awaited);
    if (!event)
      return InvalidHandle;
    if (!event->passed())
      stream->ask([other = event->stream, position = event->position] {
        other->runTo(position);
      });
    return Success;
  });
}

int cuStreamGetCaptureInfo(StreamHandle handle, int *status, uint64_t *id) {
  return onStream(handle, [&](FakeState &fake, auto &) {
    bool captured = fake.capture.stream == handle;
    *status = captured ? fake.capture.status : CaptureNone;
    *id = captured ? fake.capture.id : 0x77; // must not be read then
    return Success;
  });
}

int cuEventCreate(EventHandle *handle, unsigned) {
  return call(InContext, [&](FakeState &fake) {
    fake.events.add(handle, FakeEvent());
    return Success;
  });
}
int cuEventDestroy_v2(EventHandle handle) {
  return call(GivesBack, [&](FakeState &fake) {
    return fake.events.remove(handle) ? Success : InvalidHandle;
  });
}
int cuEventRecord(EventHandle recorded, StreamHandle handle) {
  return onStream(handle, [&](FakeState &fake, auto &stream) -> int {
    std::shared_ptr<FakeEvent> event = fake.events.find(recorded);
    if (!event)
      return InvalidHandle;
    *event = {stream, stream->asked};
    return Success;
  });
}
int cuEventQuery(EventHandle handle) {
  return onEvent(handle, [&](FakeEvent &event) -> int {
    if (!event.passed() && event.polls++ < FakeEvent::latePolls)
      return NotReady;
    if (!event.passed())
      event.stream->runTo(event.position);
    return Success;
  });
}
int cuEventSynchronize(EventHandle handle) {
  return onEvent(handle, [&](FakeEvent &event) {
    if (!event.passed())
      event.stream->runTo(event.position);
    return Success;
  });
}
}
