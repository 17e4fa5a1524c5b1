// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The layer of NaiveLayer.c on a device, with weights and a batch in its
// memory.
#ifndef MOELORA_TEST_EXECUTE_DEVICELAYER_H
#define MOELORA_TEST_EXECUTE_DEVICELAYER_H

#include "EmulatedLayers.h"

#include <optional>
#include <random>

namespace moelora::test {

/// Random numbers in [-1, 1) as bf16.
inline std::vector<uint16_t> randomValues(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<uint16_t> values(count);
  for (uint16_t &value : values) {
    float number = float(random() % 256) / 128 - 1;
    uint32_t bits = 0;
    std::memcpy(&bits, &number, sizeof bits);
    value = uint16_t(bits >> 16);
  }
  return values;
}

/// A layer on a device with random weights, and a run from expert ids.
struct DeviceLayer {
  static constexpr int64_t Tokens = 40, Hidden = 48, Choices = 2;

  explicit DeviceLayer(const moelora_device &device)
      : device(device), made(device), table(made.made().adapters, &device),
        step(table.table, Tokens, made.program), weights(made.made()) {
    bind();
    run.size = sizeof run;
    run.entry = MOELORA_ENTRY_IDS;
    run.tokens = Tokens;
    run.hidden = upload(randomValues(Tokens * Hidden, 1));
    run.expert_ids = upload(experts());
    run.weights = upload(std::vector<float>(Tokens * Choices, 0.25f));
    run.output = output.data<void>();
    run.workspace_bytes =
        moelora_layer_workspace(layer, MOELORA_ENTRY_ALL, Tokens);
    work.emplace(device, run.workspace_bytes);
    run.workspace = work->data<void>();
    run.step = step.step;
  }
  ~DeviceLayer() { EXPECT_EQ(errorOf(moelora_layer_unbind, layer), ""); }

  static std::vector<int32_t> experts() {
    std::vector<int32_t> ids;
    for (int32_t i = 0; i < Tokens * Choices; ++i)
      ids.push_back((i + 2) % 9 - 2); // there are 6 experts
    return ids;
  }
  template <typename T> T *upload(const std::vector<T> &values) {
    arrays.emplace_back(device, values);
    return arrays.back().template data<T>();
  }
  void bind() {
    for (moelora_memory &weight : weights.list) {
      size_t count = 1;
      for (int32_t d = 0; d < weight.dims; ++d)
        count *= size_t(weight.shape[d]);
      weight.data = upload(randomValues(count, uint32_t(weight.role)));
    }
    moelora_binding binding = weights.binding(table.table);
    ASSERT_EQ(errorOf(moelora_layer_bind, made.program, &binding, &layer), "");
  }
  /// Enters the step and resolves ids, of an adapter of zeros and of none.
  std::string resolve(moelora_stream *stream = nullptr) {
    std::vector<int32_t> ids(Tokens, -1);
    ids[3] = ids[7] = table.add("one");
    step.enter(stream);
    return errorOf(moelora_step_resolve, step.step, stream,
                   static_cast<const int32_t *>(upload(ids)), Tokens,
                   static_cast<const int32_t *>(nullptr));
  }
  std::string runOnce() { return errorOf(moelora_layer_run, layer, &run); }

  const moelora_device &device;
  EmulatedProgram made;
  TableOf table;
  StepOf step;
  WeightMemory weights;
  std::deque<DeviceArray> arrays;
  DeviceArray output{device, Tokens * Hidden * sizeof(uint16_t)};
  std::optional<DeviceArray> work;
  moelora_bound_layer *layer = nullptr;
  moelora_run run = {};
};

} // namespace moelora::test

#endif // MOELORA_TEST_EXECUTE_DEVICELAYER_H
