// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls of a layer that launches kernels: the emulator, alone and behind the
// interface of CUDA's driver.

#include "DeviceLayer.h"

#include "moelora/runtime/Call.h"

using namespace moelora::test;

namespace {

constexpr int64_t Tokens = DeviceLayer::Tokens, Hidden = DeviceLayer::Hidden;

moelora_memory rowsOf(int32_t role, const void *data) {
  moelora_memory memory = {};
  memory.size = sizeof memory;
  memory.role = role;
  memory.dtype = MOELORA_BF16;
  memory.data = const_cast<void *>(data);
  memory.dims = 2;
  memory.shape[0] = Tokens;
  memory.shape[1] = Hidden;
  return memory;
}

struct CallOnDevice : testing::TestWithParam<const char *> {
  OpenDevice device{GetParam()};
};

/// What the same layer computes with weights that are bound. Ids of slots are
/// in the memory of the device, and are not read.
TEST_P(CallOnDevice, ComputesWhatARunComputes) {
  DeviceLayer bound(*device);
  bound.run.entry = MOELORA_ENTRY_ALL;
  EXPECT_EQ(bound.resolve(), "");
  EXPECT_EQ(bound.runOnce(), "");

  moelora_binding binding = {};
  binding.size = sizeof binding;
  binding.layer = -1;
  binding.flags = MOELORA_BIND_CALLED;
  binding.table = bound.table.table;
  moelora_bound_layer *called = nullptr;
  ASSERT_EQ(errorOf(moelora_layer_bind, bound.made.program, &binding, &called),
            "");
  const moelora_bound_layer *layers[] = {called};
  moelora_run run = {};
  run.size = sizeof run;
  run.step = bound.step.step;
  run.workspace = bound.run.workspace;
  run.workspace_bytes = bound.run.workspace_bytes;
  moelora_call_context context = {};
  context.size = sizeof context;
  context.layers = 1;
  context.layer = layers;
  context.run = &run;

  DeviceArray output(*device, Tokens * Hidden * sizeof(uint16_t));
  std::vector<moelora_memory> operands = bound.weights.list;
  operands.push_back(rowsOf(MOELORA_HIDDEN, bound.run.hidden));
  operands.push_back(rowsOf(MOELORA_OUTPUT, output.data<void>()));
  moelora_memory slots = rowsOf(MOELORA_CALL_SLOTS, bound.run.hidden);
  slots.dtype = MOELORA_I32;
  slots.dims = 1;
  operands.push_back(slots);
  EXPECT_EQ(moelora_call(&context, 0, bound.made.artifact().name,
                         uint32_t(operands.size()), operands.data()),
            MOELORA_OK)
      << moelora_error_text(context.error);
  bound.step.leave();
  std::vector<uint16_t> found = output.read<uint16_t>();
  EXPECT_EQ(found, bound.output.read<uint16_t>());
  EXPECT_NE(found, std::vector<uint16_t>(found.size(), found[0]));
  moelora_error_free(context.error);
  EXPECT_EQ(errorOf(moelora_layer_unbind, called), "");
}

INSTANTIATE_TEST_SUITE_P(Devices, CallOnDevice,
                         testing::Values("emulator", "cuda"));

} // namespace
