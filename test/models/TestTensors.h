// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checkpoints made up by a test.
#ifndef MOELORA_TEST_MODELS_TESTTENSORS_H
#define MOELORA_TEST_MODELS_TESTTENSORS_H

#include "TestModels.h"

#include "moelora/models/Weights.h"

#include <algorithm>
#include <cstdio>
#include <deque>
#include <gtest/gtest.h>
#include <memory>

namespace moelora::models {

/// Tensors to be written; every element is different from all others.
class Tensors {
public:
  void add(const std::string &name, Shape shape) {
    int64_t count = 1;
    for (int64_t size : shape)
      count *= size;
    std::vector<float> &values = data.emplace_back();
    for (int64_t i = 0; i < count; ++i)
      values.push_back(next++);
    moelora_tensor_data tensor = {};
    tensor.name = names.emplace_back(name).c_str();
    tensor.dtype = MOELORA_F32;
    tensor.dims = int32_t(shape.size());
    std::copy(shape.begin(), shape.end(), tensor.shape);
    tensor.data = values.data();
    tensors.push_back(tensor);
  }

  /// A tensor of I64 or I32.
  template <typename T>
  void addIds(const std::string &name, Shape shape, std::vector<T> ids) {
    add(name, shape);
    auto *bytes = reinterpret_cast<const char *>(ids.data());
    std::vector<char> &kept =
        integers.emplace_back(bytes, bytes + ids.size() * sizeof(T));
    tensors.back().dtype = sizeof(T) == 8 ? MOELORA_I64 : MOELORA_I32;
    tensors.back().data = kept.data();
  }

  const std::vector<float> &operator[](size_t index) const {
    return data[index];
  }

  size_t rank(const std::string &name) const {
    return size_t(tensors.at(find(name)).dims);
  }

  /// The element of a tensor of floats.
  float at(const std::string &name, Shape index) const {
    size_t t = find(name);
    int64_t element = 0;
    for (size_t i = 0; i < index.size(); ++i)
      element = element * tensors.at(t).shape[i] + index[i];
    return data[t][size_t(element)];
  }

  void write(const std::string &path) const {
    EXPECT_EQ(moelora_safetensors_write(path.c_str(), tensors.data(),
                                        int64_t(tensors.size()), nullptr),
              MOELORA_OK);
  }

  /// Written, opened again, and unlinked.
  std::shared_ptr<moelora_checkpoint> open() const {
    std::string path = temporaryPath("weights.safetensors");
    write(path);
    moelora_checkpoint *file = nullptr;
    moelora_error *error = nullptr;
    moelora_checkpoint_open(path.c_str(), &file, &error);
    EXPECT_TRUE(file) << moelora_error_text(error);
    moelora_error_free(error);
    std::remove(path.c_str());
    return {file, moelora_checkpoint_close};
  }

private:
  size_t find(const std::string &name) const {
    return size_t(std::find(names.begin(), names.end(), name) - names.begin());
  }

  float next = -50;
  std::deque<std::string> names;
  std::deque<std::vector<float>> data;
  std::deque<std::vector<char>> integers;
  std::vector<moelora_tensor_data> tensors;
};

} // namespace moelora::models

#endif // MOELORA_TEST_MODELS_TESTTENSORS_H
