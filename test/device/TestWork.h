// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The work of the test device's streams, and the objects that callers have.
#ifndef MOELORA_TEST_DEVICE_TESTWORK_H
#define MOELORA_TEST_DEVICE_TESTWORK_H

#include "moelora/runtime/Device.h"

#include <atomic>
#include <cstddef>
#include <vector>

namespace moelora::test {

struct TestStream;

/// A place in a stream; a new one has been reached.
struct TestMoment {
  const TestStream *stream = nullptr;
  uint64_t position = 0;

  inline bool reached() const;
  /// How many items are still before it.
  inline uint64_t remaining() const;
};

enum class TestKind : uint32_t { Copy, Store, Launch, Record, Wait };

/// One thing to do. Fields that its kind has no use for are 0.
struct TestItem {
  TestKind kind;
  void *to;              // Copy, Store
  const void *from;      // Copy
  uint64_t bytes;        // Copy
  uint64_t value;        // Store
  moelora_launch launch; // its parameters are stored with the item
  size_t parameters;     // where; an offset
  TestMoment moment;     // Wait: for it
};

/// Items in order, first come, first done. It keeps its memory when it is
/// emptied.
class TestWork {
public:
  /// `parameters`: those of a launch, copied.
  void add(const TestItem &item, const void *launchParameters);
  /// Forgets the first one.
  void pop();
  void clear();

  bool empty() const { return head == items.size(); }
  const TestItem *begin() const { return items.data() + head; }
  const TestItem *end() const { return items.data() + items.size(); }
  const void *parametersOf(const TestItem &item) const {
    return parameters.data() + item.parameters;
  }

private:
  size_t head = 0;
  std::vector<TestItem> items;
  std::vector<char> parameters;
};

/// How far each stream of a capture has come, by index.
using TestClock = std::vector<uint64_t>;

struct TestStream {
  size_t index = 0;
  bool live = false;
  TestWork work;
  uint64_t asked = 0, done = 0;     // never set back: moments outlive streams
  moelora_stream *thread = nullptr; // of the cpu, on a device with threads
  std::atomic<uint64_t> capture{0}; // 0: none
  TestClock clock;

  moelora_stream *handle() { return reinterpret_cast<moelora_stream *>(this); }
};

struct TestEvent {
  size_t index = 0;
  bool live = false;
  TestMoment moment;
  moelora_event *thread = nullptr;  // of the cpu, on a device with threads
  std::atomic<bool> failed{false};  // as the test wished
  std::atomic<uint64_t> capture{0}; // in which it was recorded last
  TestClock clock;
};

struct TestModule {
  size_t index = 0;
  bool live = false;
  moelora_host_kernel function = nullptr;
};

bool TestMoment::reached() const { return !stream || stream->done >= position; }
uint64_t TestMoment::remaining() const {
  return reached() ? 0 : position - stream->done;
}

} // namespace moelora::test

#endif // MOELORA_TEST_DEVICE_TESTWORK_H
