/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Adapters that are opened from memory.
 */
#ifndef MOELORA_TEST_RUNTIME_MEMORY_H
#define MOELORA_TEST_RUNTIME_MEMORY_H

#include "Files.h"

namespace moelora::test {

/// Tensors in f32, which borrow the names and the values.
inline std::vector<moelora_tensor_data> describe(const Tensors &tensors) {
  std::vector<moelora_tensor_data> all;
  for (const auto &[name, matrix] : tensors) {
    moelora_tensor_data data = {name.c_str(),
                                MOELORA_F32,
                                2,
                                {matrix.rows, matrix.columns},
                                matrix.data.data()};
    if (matrix.count) {
      data.dims = 3;
      int64_t shape[] = {matrix.count, matrix.rows, matrix.columns};
      std::copy(std::begin(shape), std::end(shape), data.shape);
    }
    all.push_back(data);
  }
  return all;
}

inline Opened openMemory(const std::string &config,
                         const std::vector<moelora_tensor_data> &tensors,
                         const Model &model = Model(), int layout = 0) {
  Opened opened;
  moelora_adapter_target target = model.target();
  moelora_adapter *adapter = nullptr;
  moelora_error *error = nullptr;
  moelora_adapter_options stated = {sizeof stated, layout, 0, 0};
  opened.status = moelora_adapter_open_memory(
      config.c_str(), tensors.data(), static_cast<int64_t>(tensors.size()),
      &target, &stated, &adapter, &error);
  opened.text = moelora_error_text(error);
  moelora_error_free(error);
  opened.adapter.reset(adapter);
  return opened;
}

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_MEMORY_H
