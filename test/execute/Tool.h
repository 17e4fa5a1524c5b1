// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls moelora-run as a person does, in a folder of the test's own.
#ifndef MOELORA_TEST_EXECUTE_TOOL_H
#define MOELORA_TEST_EXECUTE_TOOL_H

#include "moelora/runtime/Checkpoint.h"

#include <gmock/gmock.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

namespace moelora::test {

struct Answer {
  int status;
  std::string out, error;
};

/// A tensor that owns its values.
struct Tensor {
  std::string name;
  int32_t dtype;
  std::vector<int64_t> shape;
  std::vector<char> bytes;

  template <typename T>
  static Tensor of(const std::string &name, int32_t dtype,
                   std::vector<int64_t> shape, const std::vector<T> &values) {
    auto *data = reinterpret_cast<const char *>(values.data());
    return {name, dtype, std::move(shape),
            std::vector<char>(data, data + values.size() * sizeof(T))};
  }
};

/// The value of a bf16.
inline float widen(uint16_t bits) {
  uint32_t wide = uint32_t(bits) << 16;
  float value;
  memcpy(&value, &wide, sizeof value);
  return value;
}

class Tool : public testing::Test {
protected:
  Tool();
  ~Tool() override;

  /// Runs the tool with these arguments, `naive layer` and model in front.
  Answer run(const std::string &arguments);
  /// Runs it with exactly these arguments.
  Answer runPlain(const std::string &arguments);
  void write(const std::string &file, const std::vector<Tensor> &tensors);
  std::string path(const std::string &file) const { return folder / file; }
  bool exists(const std::string &file) const {
    return std::filesystem::exists(folder / file);
  }
  /// Elements of `output` as f64 or bf16 bit patterns.
  template <typename T> std::vector<T> output(const std::string &file);

  std::filesystem::path folder;
};

template <typename T> std::vector<T> Tool::output(const std::string &file) {
  moelora_checkpoint *opened = nullptr;
  EXPECT_EQ(moelora_checkpoint_open(path(file).c_str(), &opened, nullptr),
            MOELORA_OK);
  int64_t index = moelora_checkpoint_find(opened, "output");
  moelora_tensor tensor = {};
  tensor.size = sizeof tensor;
  EXPECT_EQ(moelora_checkpoint_tensor(opened, index, &tensor), MOELORA_OK);
  EXPECT_EQ(moelora_dtype_bytes(tensor.dtype), sizeof(T));
  std::vector<T> values(tensor.elements);
  EXPECT_EQ(moelora_checkpoint_read(opened, index, 0, tensor.bytes,
                                    values.data(), nullptr),
            MOELORA_OK);
  moelora_checkpoint_close(opened);
  return values;
}

} // namespace moelora::test

#endif // MOELORA_TEST_EXECUTE_TOOL_H
