// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The kernels that the suite has for every device.
#ifndef MOELORA_TEST_DEVICE_KERNELS_H
#define MOELORA_TEST_DEVICE_KERNELS_H

#include "device/Handles.h"

#include <string>

namespace moelora::test {

struct AddParameters { // of "add": out[i] = a[i] + b[i] for 4 floats
  float *out;
  const float *a, *b;
};
struct AwaitParameters { // of "await": ends when the word is not 0
  const volatile uint64_t *flag;
};

class Kernel {
public:
  static constexpr uint32_t threads = 4;

  Kernel(const moelora_device &device, const char *name,
         uint32_t sharedBytes = 0);
  /// A kernel of a module that a test has written.
  Kernel(const moelora_device &device, const std::string &image,
         const char *name);
  ~Kernel() { device.module_unload(device.context, module); }
  Kernel(const Kernel &) = delete;

  /// Another kernel of the module, or the same one for more shared memory.
  moelora_kernel *get(const char *name, uint32_t sharedBytes,
                      uint32_t threadCount = threads) const;

  /// A launch of one block; `parameters` must stay until it is made.
  template <typename Parameters>
  moelora_launch of(const Parameters &parameters,
                    uint32_t sharedBytes = 0) const {
    moelora_launch launch = {};
    launch.kernel = kernel;
    for (int axis = 0; axis < 3; ++axis)
      launch.grid[axis] = launch.block[axis] = 1;
    launch.block[0] = threads;
    launch.shared_bytes = sharedBytes;
    launch.parameter_bytes = sizeof parameters;
    launch.parameters = &parameters;
    return launch;
  }

  template <typename Parameters>
  void launch(moelora_stream *stream, const Parameters &parameters,
              uint32_t sharedBytes = 0) const {
    moelora_launch launch = of(parameters, sharedBytes);
    call(device, &moelora_device::launch, stream, &launch, 1u);
  }
  const moelora_kernel *get() const { return kernel; }

private:
  void load(const moelora_binary &binary, const char *name,
            uint32_t sharedBytes);

  const moelora_device &device;
  moelora_module *module = nullptr;
  moelora_kernel *kernel = nullptr;
};

} // namespace moelora::test

#endif // MOELORA_TEST_DEVICE_KERNELS_H
