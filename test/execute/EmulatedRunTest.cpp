// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs of a variant whose entry points launch kernels, on the emulator, alone
// and behind the interface of CUDA's driver: what they compute, what they
// count, and what becomes of a fault.

#include "DeviceLayer.h"

using namespace moelora::test;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

constexpr int64_t Tokens = DeviceLayer::Tokens;

struct EmulatedRun : testing::TestWithParam<const char *> {
  OpenDevice device{GetParam()};
};

struct OnEmulator : testing::Test {
  OpenDevice device{"emulator"};
};

TEST(LaunchingRun, TakesTheVariantOfTheDevice) {
  for (auto [name, target] :
       {std::pair("emulator", "emulated-sm_80"), std::pair("cuda", "sm_80")}) {
    OpenDevice device(name);
    EXPECT_STREQ(EmulatedProgram(*device).made().target, target);
  }
  EXPECT_STREQ(EmulatedProgram(*moelora_device_cpu()).made().target, "cpu");
}

/// From the same ids, both variants compute the same bits.
TEST_P(EmulatedRun, ComputesWhatTheCpuComputes) {
  DeviceLayer emulated(*device), cpu(*moelora_device_cpu());
  for (DeviceLayer *layer : {&emulated, &cpu}) {
    EXPECT_EQ(layer->resolve(), "");
    EXPECT_EQ(layer->runOnce(), "");
    layer->step.leave();
  }
  std::vector<uint16_t> found = emulated.output.read<uint16_t>();
  EXPECT_EQ(found, cpu.output.read<uint16_t>());
  EXPECT_NE(found, std::vector<uint16_t>(found.size(), found[0]));
}

/// Two launches, of which the first one writes the workspace.
TEST_P(EmulatedRun, ChoosesExpertsInTheWorkspace) {
  DeviceLayer layer(*device);
  layer.run.entry = MOELORA_ENTRY_ALL;
  layer.run.expert_ids = nullptr;
  layer.run.weights = nullptr;
  EXPECT_EQ(layer.resolve(), "");
  EXPECT_EQ(layer.runOnce(), "");
  layer.step.leave();
  for (uint16_t value : layer.output.read<uint16_t>())
    EXPECT_NE(value, 0xFFFF); // new memory of the emulator
}

TEST_P(EmulatedRun, ReadsValidTokensOnTheDevice) {
  DeviceLayer layer(*device);
  layer.run.valid_tokens = layer.upload(std::vector<int32_t>{2});
  layer.run.step = nullptr;
  EXPECT_EQ(layer.runOnce(), "");
  std::vector<uint16_t> rows = layer.output.read<uint16_t>();
  for (size_t i = 0; i < rows.size(); ++i)
    EXPECT_EQ(rows[i] != 0, i < 2 * DeviceLayer::Hidden) << i;
}

TEST_P(EmulatedRun, CountsOnTheDevice) {
  DeviceLayer layer(*device);
  layer.run.step = nullptr;
  EXPECT_EQ(layer.runOnce(), ""); // counters are optional
  DeviceArray stats(*device, std::vector<moelora_run_stats>(1));
  layer.run.stats = stats.data<moelora_run_stats>();
  EXPECT_EQ(layer.runOnce(), "");
  EXPECT_EQ(layer.runOnce(), "");
  uint64_t dropped = 0;
  for (int32_t id : DeviceLayer::experts())
    dropped += id < -1 || id > 5;
  EXPECT_EQ(stats.read<moelora_run_stats>()[0].dropped_pairs, 2 * dropped);
}

TEST_P(EmulatedRun, RunsInTheOrderOfAStream) {
  DeviceLayer layer(*device);
  const moelora_device &gpu = *device;
  ASSERT_EQ(errorOf(gpu.stream_create, gpu.context, &layer.run.on), "");
  EXPECT_EQ(layer.resolve(layer.run.on), "");
  EXPECT_EQ(layer.runOnce(), "");
  layer.step.leave(layer.run.on);
  EXPECT_EQ(errorOf(gpu.stream_synchronize, gpu.context, layer.run.on), "");
  std::vector<uint16_t> first = layer.output.read<uint16_t>();
  gpu.stream_destroy(gpu.context, std::exchange(layer.run.on, nullptr));
  layer.step.enter();
  EXPECT_EQ(layer.runOnce(), "");
  layer.step.leave();
  EXPECT_EQ(layer.output.read<uint16_t>(), first);
}

/// The device's error, at once or with the next call.
TEST_F(OnEmulator, SaysWhatTheDeviceSays) {
  DeviceLayer layer(*device);
  DeviceArray small(*device, 100);
  layer.run.step = nullptr;
  layer.run.output = small.data<void>();
  std::string fault = layer.runOnce();
  EXPECT_THAT(fault, StartsWith("kernel naive_tokens, block ("));
  EXPECT_THAT(fault, HasSubstr("store at naive:2: expects an access within the "
                               "100 bytes of the allocation"));
  EXPECT_EQ(layer.runOnce(), fault);
  EXPECT_EQ(moelora_layer_run(layer.layer, &layer.run, nullptr),
            MOELORA_DEVICE_LOST);
}

/// A driver reports what a kernel has done with a later call.
TEST(OnCuda, FaultsAreReportedLater) {
  OpenDevice device("cuda");
  DeviceLayer layer(*device);
  DeviceArray small(*device, 100);
  layer.run.step = nullptr;
  layer.run.output = small.data<void>();
  EXPECT_EQ(layer.runOnce(), "");
  moelora_stream *none = nullptr;
  EXPECT_EQ(errorOf((*device).stream_synchronize, (*device).context, none),
            "the CUDA driver answers FAKE_ERROR_719 (as the test wished) to "
            "cuStreamSynchronize");
  EXPECT_EQ(moelora_layer_run(layer.layer, &layer.run, nullptr),
            MOELORA_DEVICE_LOST);
}

TEST_F(OnEmulator, TakesWeightsOfTheDeviceOnly) {
  DeviceLayer layer(*device);
  moelora_bound_layer *none = nullptr;
  for (int32_t kind : {MOELORA_MEMORY_CPU, MOELORA_MEMORY_CUDA}) {
    layer.weights.list[0].device_kind = kind;
    moelora_binding binding = layer.weights.binding();
    EXPECT_THAT(
        errorOf(moelora_layer_bind, layer.made.program, &binding, &none),
        HasSubstr("to be in memory of emulator sm_90, but it is in "
                  "memory of kind " +
                  std::to_string(kind)));
  }
}

/// The functions of a device that wait or copy; they are counted.
int calls = 0;
const moelora_device *counted = nullptr;
template <auto Function> struct Counting;
template <typename... Arguments,
          moelora_status (*moelora_device::*Function)(Arguments...)>
struct Counting<Function> {
  static moelora_status call(Arguments... arguments) {
    ++calls;
    return (counted->*Function)(arguments...);
  }
};

TEST_P(EmulatedRun, NeitherWaitsNorCopies) {
  moelora_device watched = *(counted = &*device);
  watched.copy = Counting<&moelora_device::copy>::call;
  watched.allocate = Counting<&moelora_device::allocate>::call;
  watched.stream_synchronize =
      Counting<&moelora_device::stream_synchronize>::call;
  watched.stream_wait = Counting<&moelora_device::stream_wait>::call;
  watched.event_state = Counting<&moelora_device::event_state>::call;
  watched.event_record = Counting<&moelora_device::event_record>::call;
  DeviceLayer layer(watched);
  EXPECT_EQ(layer.resolve(), "");
  const int32_t *ids = layer.upload(std::vector<int32_t>(Tokens, -1));
  EXPECT_GT(calls, 0);
  calls = 0;
  EXPECT_EQ(errorOf(moelora_step_resolve, layer.step.step,
                    static_cast<moelora_stream *>(nullptr), ids, Tokens,
                    static_cast<const int32_t *>(nullptr)),
            "");
  EXPECT_EQ(layer.runOnce(), "");
  EXPECT_EQ(calls, 0);
  layer.step.leave();
}

INSTANTIATE_TEST_SUITE_P(, EmulatedRun, testing::Values("emulator", "cuda"));

} // namespace
