// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The test device with threads: those of the cpu's streams.

#include "TestWorker.h"

#include <cstdlib>

using namespace moelora::test;

namespace {

/// An item for a thread.
struct Errand {
  TestRunner &runner;
  const TestFaults &faults;
  TestItem item;
  TestWork parameters; // of the one item
};

void run(const moelora_launch *launch) {
  Errand *errand = *static_cast<Errand *const *>(launch->parameters);
  std::unique_ptr<Errand> owned(errand);
  if (!errand->faults.isLost())
    errand->runner.run(errand->item, errand->parameters.parametersOf(
                                         *errand->parameters.begin()));
}

/// The cpu fails only for lack of memory or threads.
void must(moelora_status status) {
  if (status != MOELORA_OK)
    std::abort();
}

class Threads final : public TestWorker {
public:
  Threads(TestRunner &runner, const TestFaults &faults)
      : runner(runner), faults(faults) {
    moelora_binary binary = {MOELORA_BINARY_HOST, 0, 0,
                             reinterpret_cast<const void *>(run)};
    moelora_kernel_info info = {"run", 0, 1, 0, 0};
    must(cpu.module_load(cpu.context, &binary, &module, nullptr));
    must(cpu.kernel_get(cpu.context, module, &info, &kernel, nullptr));
  }
  ~Threads() override { cpu.module_unload(cpu.context, module); }

  void start(TestStream &stream) override {
    must(cpu.stream_create(cpu.context, &stream.thread, nullptr));
  }
  void start(TestEvent &event) override {
    must(cpu.event_create(cpu.context, &event.thread, nullptr));
  }
  void end(TestStream &stream) override {
    cpu.stream_destroy(cpu.context, stream.thread);
  }
  void end(TestEvent &event) override {
    cpu.event_destroy(cpu.context, event.thread);
  }

  void add(TestStream *stream, const TestItem &item,
           const void *parameters) override {
    auto *errand = new Errand{runner, faults, item, {}};
    errand->parameters.add(item, parameters);
    moelora_launch launch = {kernel, {1, 1, 1},     {1, 1, 1}, {0, 0, 0},
                             0,      sizeof errand, 0,         &errand};
    must(cpu.launch(cpu.context, threadOf(stream), &launch, 1, nullptr));
  }
  void record(TestStream *stream, TestEvent &event) override {
    must(
        cpu.event_record(cpu.context, threadOf(stream), event.thread, nullptr));
  }
  void wait(TestStream *stream, TestEvent &event) override {
    must(cpu.stream_wait(cpu.context, threadOf(stream), event.thread, nullptr));
  }
  void synchronize(TestStream *stream) override {
    must(cpu.stream_synchronize(cpu.context, threadOf(stream), nullptr));
  }
  bool passed(TestEvent &event) override {
    int32_t state = MOELORA_EVENT_PENDING;
    must(cpu.event_state(cpu.context, event.thread, &state, nullptr));
    return state == MOELORA_EVENT_PASSED;
  }

private:
  static moelora_stream *threadOf(TestStream *stream) {
    return stream ? stream->thread : nullptr;
  }

  const moelora_device &cpu = *moelora_device_cpu();
  TestRunner &runner;
  const TestFaults &faults;
  moelora_module *module = nullptr;
  moelora_kernel *kernel = nullptr;
};

} // namespace

std::unique_ptr<TestWorker>
moelora::test::testThreads(TestRunner &runner, const TestFaults &faults) {
  return std::make_unique<Threads>(runner, faults);
}
