// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiled layers on a CUDA device, of a driver whose GPU is the emulator:
// everything on the way to a kernel is the runtime's code for GPUs.

#include "CompiledBatch.h"

using namespace moelora;
using namespace moelora::test;

namespace {

/// Whether the driver is a new one.
class Driver : public testing::TestWithParam<bool> {
protected:
  Driver() { emulatedDriver().setFeatures(GetParam()); }
  ~Driver() override { EXPECT_EQ(emulatedDriver().live().all(), 0); }
};

TEST_P(Driver, GivesTheBitsOfTheEmulator) {
  for (int64_t tokens : {1, 7, 70}) {
    std::string expected = outputOn("emulator", tokens);
    EXPECT_EQ(outputOn("cuda", tokens), expected) << tokens;
    EXPECT_NE(expected, std::string(expected.size(), expected[0])) << tokens;
  }
}

/// On a stream of its own, nothing waits for anything else.
TEST_P(Driver, GivesTheSameBitsOnAStream) {
  LayerOnDevice layer("cuda");
  const moelora_device &device = *layer.device;
  moelora_stream *stream = nullptr;
  host::call(device.stream_create, device.context, &stream);
  {
    host::Inputs inputs = layer.inputs(9);
    host::Run run(layer.bound, MOELORA_ENTRY_ALL, inputs, layer.table, stream);
    run.run();
    run.repeat();
    EXPECT_EQ(outputOf(run), outputOn("emulator", 9));
  }
  device.stream_destroy(device.context, stream);
}

TEST_P(Driver, RunsTheVariantForGpus) {
  LayerOnDevice layer("cuda");
  EXPECT_STREQ(layer.compiled.variant.target, "sm_80");
  EXPECT_STREQ(layer.device->name, "cuda:0 Emulated GPU");
}

INSTANTIATE_TEST_SUITE_P(Of, Driver, testing::Bool());

} // namespace
