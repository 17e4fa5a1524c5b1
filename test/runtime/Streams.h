/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A stream of the cpu that a test can hold up, as one does that has work
 * enqueued and not started.
 */
#ifndef MOELORA_TEST_RUNTIME_STREAMS_H
#define MOELORA_TEST_RUNTIME_STREAMS_H

#include "moelora/runtime/Device.h"

#include <future>
#include <gtest/gtest.h>

namespace moelora::test {

class HeldStream {
public:
  HeldStream() {
    EXPECT_EQ(cpu.stream_create(cpu.context, &stream, nullptr), MOELORA_OK);
    hold();
  }
  ~HeldStream() {
    letGo();
    cpu.stream_destroy(cpu.context, stream);
  }
  HeldStream(const HeldStream &) = delete;

  moelora_stream *get() const { return stream; }
  /// Work that is enqueued from now on waits for letGo.
  void hold() {
    gate = std::make_shared<std::promise<void>>();
    waiting = gate->get_future().share();
    const void *address = &waiting;
    moelora_launch launch = {};
    launch.kernel = reinterpret_cast<const moelora_kernel *>(wait);
    for (int i = 0; i < 3; ++i)
      launch.grid[i] = launch.block[i] = 1;
    launch.parameters = &address;
    launch.parameter_bytes = sizeof address;
    EXPECT_EQ(cpu.launch(cpu.context, stream, &launch, 1, nullptr), MOELORA_OK);
  }
  /// Everything that is enqueued is done when this returns.
  void letGo() {
    if (!gate)
      return;
    gate->set_value();
    gate.reset();
    synchronize();
  }
  void synchronize() {
    EXPECT_EQ(cpu.stream_synchronize(cpu.context, stream, nullptr), MOELORA_OK);
  }

private:
  static void wait(const moelora_launch *launch) {
    (*static_cast<const std::shared_future<void> *const *>(launch->parameters))
        ->wait();
  }

  const moelora_device &cpu = *moelora_device_cpu();
  moelora_stream *stream = nullptr;
  std::shared_ptr<std::promise<void>> gate;
  std::shared_future<void> waiting;
};

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_STREAMS_H
