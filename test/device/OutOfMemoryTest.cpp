// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A host whose memory runs out at each allocation while work is enqueued:
// refused work is not done, and accepted work is.

#include "Devices.h"

#include <cstdlib>
#include <new>

using namespace moelora;
using namespace moelora::test;

namespace {

/// Allocations of this thread until one fails; negative: none does.
thread_local long remaining = -1;

void *allocate(size_t bytes) {
  if (remaining == 0)
    throw std::bad_alloc();
  if (remaining > 0)
    --remaining;
  if (void *memory = std::malloc(bytes ? bytes : 1))
    return memory;
  throw std::bad_alloc();
}

} // namespace

void *operator new(size_t bytes) { return allocate(bytes); }
void *operator new[](size_t bytes) { return allocate(bytes); }
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete[](void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, size_t) noexcept { std::free(memory); }
void operator delete[](void *memory, size_t) noexcept { std::free(memory); }

namespace {

constexpr size_t places = 40;

struct Work {
  float sums[places][4] = {}, threes[4] = {1, -2, 3, 3},
        fours[4] = {2, 1, -4, 4};
  size_t accepted = 0;

  /// Puts a sum into each place, until one is refused.
  void ask(moelora_stream *stream, const Kernel &add) {
    for (; accepted < places; ++accepted)
      add.launch(stream, AddParameters{sums[accepted], threes, fours});
  }
};

/// Whether all is accepted when the n-th allocation fails.
bool succeeds(const moelora_device &device, const Kernel &add, long n) {
  Work work;
  moelora_status status = MOELORA_OK;
  failureOf(
      [&] {
        remaining = n;
        Stream stream(device);
        Event event(device);
        work.ask(stream.get(), add);
        call(device, &moelora_device::event_record, stream.get(), event.get());
      },
      &status);
  remaining = -1;
  for (size_t i = 0; i < places; ++i)
    EXPECT_EQ(work.sums[i][3], i < work.accepted ? 7 : 0) << n << ": " << i;
  EXPECT_EQ(status,
            work.accepted < places ? MOELORA_OUT_OF_MEMORY : MOELORA_OK);
  return status == MOELORA_OK;
}

TEST(OutOfMemory, AtEveryAllocationOfAStreamsWork) {
  const moelora_device &cpu = *moelora_device_cpu();
  Kernel add(cpu, "add");
  long n = 0;
  for (; !succeeds(cpu, add, n); ++n)
    ASSERT_LT(n, 1000);
  EXPECT_GT(n, 5);
}

} // namespace
