// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The kernels that the suite has for every device.
#ifndef MOELORA_TEST_DEVICE_KERNELS_H
#define MOELORA_TEST_DEVICE_KERNELS_H

#include "device/Handles.h"

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
  Kernel(const moelora_device &device, const char *name);
  ~Kernel() { device.kernel_unload(device.context, kernel); }
  Kernel(const Kernel &) = delete;

  template <typename Parameters>
  void launch(moelora_stream *stream, const Parameters &parameters,
              uint32_t sharedBytes = 0) const {
    moelora_launch launch = {kernel,      {1, 1, 1},         {4, 1, 1},
                             sharedBytes, sizeof parameters, &parameters};
    call(device, &moelora_device::launch, stream, &launch);
  }
  const moelora_kernel *get() const { return kernel; }

private:
  const moelora_device &device;
  moelora_kernel *kernel = nullptr;
};

} // namespace moelora::test

#endif // MOELORA_TEST_DEVICE_KERNELS_H
