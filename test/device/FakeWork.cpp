// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The fake driver: streams, events, copies and stores.

#include "FakeState.h"

#include <chrono>

using namespace moelora::test;
using namespace moelora::cuda;

namespace {

template <typename Body> int onEvent(EventHandle handle, Body body) {
  return call(InContext, [&](FakeState &fake) -> int {
    std::shared_ptr<FakeEvent> event = fake.events.find(handle);
    if (!event)
      return InvalidHandle;
    return event->capture ? CapturedEvent : body(*event);
  });
}

/// Whether it is memory of the host that is not pinned.
bool isPageable(const FakeState &fake, const void *pointer) {
  auto at = static_cast<const char *>(pointer);
  auto next = fake.hostBytes.upper_bound(at);
  bool pinned = next != fake.hostBytes.begin() &&
                at < std::prev(next)->first + std::prev(next)->second;
  return !pinned && !gpu().owns(pointer);
}

/// What is copied from memory that is not pinned has been read on return, and
/// what is copied to it has been written.
int copyBytes(Address to, Address from, size_t bytes, StreamHandle handle) {
  return onStream(handle, [&](FakeState &fake, auto &stream) {
    auto *target = reinterpret_cast<void *>(to);
    auto *source = reinterpret_cast<const char *>(from);
    std::shared_ptr<std::string> staged;
    if (!stream->capture && isPageable(fake, source))
      staged = std::make_shared<std::string>(source, bytes);
    fake.ask(*stream, [target, source, bytes, staged] {
      return gpu().copy(target, staged ? staged->data() : source, bytes);
    });
    if (!stream->capture && isPageable(fake, target))
      stream->runTo(stream->asked);
    return Success;
  });
}

/// A captured stream waits for what it has itself captured, and for nothing
/// else.
int waitInCapture(FakeStream &stream, const FakeEvent &event) {
  if (stream.capture && event.capture == stream.capture->id)
    return Success;
  if (stream.capture)
    stream.capture->broken = true;
  return CaptureIsolation;
}

double milliseconds() {
  std::chrono::duration<double, std::milli> time =
      std::chrono::steady_clock::now().time_since_epoch();
  return time.count();
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
    fake.ask(*stream, [to, value] {
      return gpu().store(reinterpret_cast<uint64_t *>(to), value);
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
    if (stream->capture) {
      stream->capture->broken = true;
      return CaptureUnsupported;
    }
    stream->runTo(stream->asked);
    return Success;
  });
}
int cuStreamWaitEvent(StreamHandle handle, EventHandle awaited, unsigned) {
  return onStream(handle, [&](FakeState &fake, auto &stream) -> int {
    std::shared_ptr<FakeEvent> event = fake.events.find(awaited);
    if (!event)
      return InvalidHandle;
    if (stream->capture || event->capture)
      return waitInCapture(*stream, *event);
    if (!event->passed())
      stream->ask([other = event->stream, position = event->position] {
        other->runTo(position);
      });
    return Success;
  });
}

int cuStreamGetCaptureInfo(StreamHandle handle, int *status, uint64_t *id) {
  return onStream(handle, [&](FakeState &fake, auto &stream) {
    bool set = fake.capture.stream == handle;
    const FakeCapture *capture = stream->capture.get();
    *status = set               ? fake.capture.status
              : !capture        ? CaptureNone
              : capture->broken ? CaptureInvalidated
                                : CaptureActive;
    *id = set       ? fake.capture.id
          : capture ? capture->id
                    : 0x77; // must not be read then
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
    *event = {};
    if (stream->capture) {
      event->capture = stream->capture->id;
      return Success;
    }
    stream->ask([time = event->milliseconds] { *time = milliseconds(); });
    event->stream = stream;
    event->position = stream->asked;
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
int cuEventElapsedTime(float *time, EventHandle from, EventHandle to) {
  return call(InContext, [&](FakeState &fake) -> int {
    std::shared_ptr<FakeEvent> first = fake.events.find(from);
    std::shared_ptr<FakeEvent> last = fake.events.find(to);
    if (!first || !last || first->capture || last->capture)
      return InvalidHandle;
    if (!first->passed() || !last->passed())
      return NotReady;
    *time = static_cast<float>(*last->milliseconds - *first->milliseconds);
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
