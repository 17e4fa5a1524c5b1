// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A whole model on a device whose memory the host does not read: its weights
// are copied there, and its steps resolve ids with the program of a layer.

#include "DeviceLayer.h"

#include "moelora/runtime/Model.h"

using namespace moelora::test;

namespace {

constexpr int64_t Tokens = 5, Hidden = 48;

/// A model with made up weights, a table and a step.
struct OpenModel {
  explicit OpenModel(const moelora_device &device) : device(device) {
    moelora_model_options options = {};
    options.size = sizeof options;
    options.weights = MOELORA_WEIGHTS_RANDOM;
    options.folder = TINY_MODEL;
    options.layers = LAYER_EMULATED;
    options.device = &device;
    EXPECT_EQ(errorOf(moelora_model_open, &options, &model), "");
    EXPECT_EQ(errorOf(moelora_model_table, model, 2, &table), "");
    EXPECT_EQ(errorOf(moelora_model_step, model, Tokens, &step), "");
  }
  ~OpenModel() {
    EXPECT_EQ(errorOf(moelora_step_destroy, step), "");
    EXPECT_EQ(errorOf(moelora_model_close, model), "");
  }
  OpenModel(const OpenModel &) = delete;

  std::vector<uint16_t> outputOf(const std::vector<int32_t> &ids) {
    DeviceArray hidden(device, randomValues(Tokens * Hidden, 1));
    DeviceArray experts(device,
                        std::vector<int32_t>{0, 5, 1, 2, 3, 4, 2, 0, 5, 1});
    DeviceArray weights(device, std::vector<float>(Tokens * 2, 0.5f));
    DeviceArray output(device, Tokens * Hidden * sizeof(uint16_t));
    DeviceArray there(device, ids);
    moelora_run run = {};
    run.size = sizeof run;
    run.entry = MOELORA_ENTRY_IDS;
    run.tokens = Tokens;
    run.hidden = hidden.data<void>();
    run.expert_ids = experts.data<int32_t>();
    run.weights = weights.data<float>();
    run.output = output.data<void>();
    run.workspace_bytes = moelora_model_workspace(model, Tokens);
    DeviceArray workspace(device, run.workspace_bytes);
    run.workspace = workspace.data<void>();
    run.step = step;
    moelora_stream *none = nullptr;
    const int32_t *allValid = nullptr;
    EXPECT_EQ(errorOf(moelora_step_enter, step, none), "");
    EXPECT_EQ(errorOf(moelora_step_resolve, step, none,
                      there.data<const int32_t>(), Tokens, allValid),
              "");
    EXPECT_EQ(errorOf(moelora_layer_run, moelora_model_layer(model, 0), &run),
              "");
    EXPECT_EQ(errorOf(moelora_step_leave, step, none), "");
    return output.read<uint16_t>();
  }

  const moelora_device &device;
  moelora_model *model = nullptr;
  moelora_slot_table *table = nullptr;
  moelora_step *step = nullptr;
};

TEST(ModelDevice, ComputesWhatTheCpuComputes) {
  OpenDevice emulator("emulator");
  OpenModel emulated(*emulator), cpu(*moelora_device_cpu());
  const std::vector<int32_t> base(Tokens, -1);
  std::vector<uint16_t> expected = cpu.outputOf(base);
  EXPECT_NE(expected, std::vector<uint16_t>(expected.size(), expected[0]));
  EXPECT_EQ(emulated.outputOf(base), expected);
}

} // namespace
