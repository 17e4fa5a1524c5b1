// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A process that is forked while streams of the cpu exist: calls in the child
// return, and do not wait for threads that it does not have.

#include "Devices.h"

#include <chrono>
#include <csignal>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace moelora;
using namespace moelora::test;

namespace {

/// The exit code of `body` in a child process; -1 where it does not end.
template <typename Body> int inChild(Body body) {
  pid_t child = ::fork();
  if (child == 0)
    ::_exit(body());
  for (int i = 0; i < 2000; ++i) {
    int status = 0;
    if (::waitpid(child, &status, WNOHANG) == child)
      return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  return -1;
}

class Fork : public testing::Test {
protected:
  const moelora_device &cpu = *moelora_device_cpu();
  Stream stream{cpu};
  Event event{cpu};
  uint64_t word = 0;

  /// The number of calls with the parent's objects that do not return INVALID.
  int unexpected() {
    int32_t state = 0;
    const moelora_status answers[] = {
        cpu.stream_synchronize(nullptr, stream.get(), nullptr),
        cpu.store(nullptr, stream.get(), &word, 1, nullptr),
        cpu.copy(nullptr, stream.get(), &word, &word, 8, nullptr),
        cpu.stream_wait(nullptr, stream.get(), event.get(), nullptr),
        cpu.stream_wait(nullptr, nullptr, event.get(), nullptr),
        cpu.event_record(nullptr, stream.get(), event.get(), nullptr),
        cpu.event_state(nullptr, event.get(), &state, nullptr),
    };
    int count = 0;
    for (moelora_status status : answers)
      count += status != MOELORA_INVALID;
    cpu.stream_destroy(nullptr, stream.get());
    cpu.event_destroy(nullptr, event.get());
    return count;
  }
};

TEST_F(Fork, LeavesTheChildNoStreams) {
  call(cpu, &moelora_device::store, stream.get(), &word, uint64_t(5));
  call(cpu, &moelora_device::event_record, stream.get(), event.get());
  EXPECT_EQ(inChild([&] { return unexpected(); }), 0);
  call(cpu, &moelora_device::stream_synchronize, stream.get());
  EXPECT_EQ(word, 5u);
}

/// The locks of a stream may be held while the process is forked.
TEST_F(Fork, AmidWorkDoesNotHangTheChild) {
  std::atomic<bool> ends{false};
  std::thread worker([&] {
    while (!ends) {
      call(cpu, &moelora_device::store, stream.get(), &word, uint64_t(5));
      call(cpu, &moelora_device::event_record, stream.get(), event.get());
      DeviceMemory memory(cpu, 4 << 20);
    }
  });
  for (int i = 0; i < 30; ++i)
    EXPECT_EQ(inChild([&] {
                DeviceMemory memory(cpu, 4 << 20);
                return unexpected();
              }),
              0);
  ends = true;
  worker.join();
}

#ifndef MOELORA_THREAD_SANITIZER // which has no new threads in a child
TEST_F(Fork, LetsTheChildMakeStreamsOfItsOwn) {
  EXPECT_EQ(inChild([&] {
              Stream own(cpu);
              call(cpu, &moelora_device::store, own.get(), &word, uint64_t(7));
              call(cpu, &moelora_device::stream_synchronize, own.get());
              return word == 7 ? 0 : 1;
            }),
            0);
}
#endif

} // namespace
