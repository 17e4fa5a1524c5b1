// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An adapter in memory, of a small layer.
#ifndef MOELORA_TEST_DEVICE_MEMORYADAPTER_H
#define MOELORA_TEST_DEVICE_MEMORYADAPTER_H

#include "moelora/runtime/Adapter.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace moelora::test {

constexpr int64_t hidden = 16, intermediate = 8;
constexpr int32_t experts = 2;

inline constexpr const char *block[] = {"mlp", nullptr},
                            *expert[] = {"experts", nullptr},
                            *up[] = {"up_proj", nullptr},
                            *down[] = {"down_proj", nullptr};

/// A model of one layer.
inline const moelora_adapter_target &target() {
  static moelora_adapter_names names = {};
  static moelora_adapter_site site = {};
  static const moelora_adapter_target target = {sizeof target, 1, &site, 1, 0};
  site.size = sizeof site;
  names.block = block;
  names.experts = expert;
  names.up = up;
  names.down = down;
  site.experts = experts;
  site.hidden = hidden;
  site.intermediate = intermediate;
  site.names = &names;
  return target;
}

/// An adapter in memory, of both projections of a layer without a gate.
class MemoryAdapter {
public:
  MemoryAdapter(int32_t rank, uint32_t seed) {
    for (int32_t e = 0; e < experts; ++e) {
      std::string module = "base_model.model.model.layers.0.mlp.experts." +
                           std::to_string(e) + ".";
      addPair(module + "up_proj", rank, hidden, intermediate, seed++);
      addPair(module + "down_proj", rank, intermediate, hidden, seed++);
    }
    for (size_t i = 0; i < names.size(); ++i) {
      tensors[i].name = names[i].c_str();
      tensors[i].data = values[i].data();
    }
    std::string config =
        "{\"peft_type\": \"LORA\", \"lora_alpha\": 8, \"r\": " +
        std::to_string(rank) + "}";
    EXPECT_EQ(moelora_adapter_open_memory(config.c_str(), tensors.data(),
                                          int64_t(tensors.size()), &target(),
                                          nullptr, &adapter, nullptr),
              MOELORA_OK);
  }
  ~MemoryAdapter() { moelora_adapter_close(adapter); }
  MemoryAdapter(const MemoryAdapter &) = delete;

  moelora_adapter *adapter = nullptr;

private:
  void addPair(const std::string &module, int64_t rank, int64_t in, int64_t out,
               uint32_t seed) {
    add(module + ".lora_A.weight", rank, in, seed);
    add(module + ".lora_B.weight", out, rank, seed + 100);
  }
  void add(const std::string &name, int64_t rows, int64_t columns,
           uint32_t seed) {
    names.push_back(name);
    values.push_back(randomFloats(size_t(rows * columns), seed));
    tensors.push_back({nullptr, MOELORA_F32, 2, {rows, columns}, nullptr});
  }

  std::vector<std::string> names;
  std::vector<std::vector<float>> values;
  std::vector<moelora_tensor_data> tensors;
};

} // namespace moelora::test

#endif // MOELORA_TEST_DEVICE_MEMORYADAPTER_H
