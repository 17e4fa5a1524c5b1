// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiles kernels for the host and launches them on the emulator, a device of
// the runtime.
#ifndef MOELORA_TEST_EMULATOR_COMPILEDKERNELS_H
#define MOELORA_TEST_EMULATOR_COMPILEDKERNELS_H

#include "mlir/IR/BuiltinOps.h"
#include "moelora/runtime/Device.h"

#include <cstring>
#include <string>
#include <vector>

namespace moelora::test {

class CompiledKernels {
public:
  /// `name` is that of a file in Inputs/ with a GPU module @kernels. `options`
  /// are those of the device. The test fails if the file cannot be compiled or
  /// loaded.
  explicit CompiledKernels(const std::string &name,
                           const std::string &options = "");
  /// The kernels of a module of the llvm dialect. `symbol` describes them.
  CompiledKernels(mlir::ModuleOp module, const std::string &symbol,
                  const std::string &options = "");
  ~CompiledKernels();
  CompiledKernels(const CompiledKernels &) = delete;

  struct Shape {
    uint32_t grid, block, shared;
  };

  /// Launches a kernel and waits for it. Returns the error, or "".
  template <typename Parameters>
  std::string launch(const char *name, Shape shape,
                     const Parameters &parameters) {
    return launch(name, shape, &parameters, sizeof parameters);
  }
  std::string launch(const char *name, Shape shape, const void *parameters,
                     size_t bytes);

  /// Memory of the device, which is released at the end.
  void *allocate(uint64_t bytes);
  template <typename T> void *upload(const std::vector<T> &values) {
    void *memory = allocate(values.size() * sizeof(T));
    copy(memory, values.data(), values.size() * sizeof(T));
    return memory;
  }
  template <typename T>
  std::vector<T> download(const void *memory, size_t count) {
    std::vector<T> values(count);
    copy(values.data(), memory, count * sizeof(T));
    return values;
  }

private:
  void open(mlir::ModuleOp module, const std::string &symbol,
            const std::string &options);
  void copy(void *to, const void *from, uint64_t bytes);

  const moelora_device *device = nullptr;
  moelora_module *module = nullptr;
  std::vector<std::pair<void *, uint64_t>> memory;
};

} // namespace moelora::test

#endif // MOELORA_TEST_EMULATOR_COMPILEDKERNELS_H
