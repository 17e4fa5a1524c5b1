/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A function of a test as a kernel of a device.
 */
#ifndef MOELORA_TEST_SLOTS_HOSTKERNEL_H
#define MOELORA_TEST_SLOTS_HOSTKERNEL_H

#include "moelora/runtime/Device.h"

#include <stdexcept>

namespace moelora::test {

class HostKernel {
public:
  HostKernel(const moelora_device &device, moelora_host_kernel function)
      : device(device) {
    moelora_binary binary = {};
    binary.kind = MOELORA_BINARY_HOST;
    binary.data = reinterpret_cast<const void *>(function);
    must(device.module_load(device.context, &binary, &module, nullptr));
    moelora_kernel_info info = {};
    info.name = "test";
    info.threads = 1;
    must(device.kernel_get(device.context, module, &info, &kernel, nullptr));
  }
  ~HostKernel() { device.module_unload(device.context, module); }
  HostKernel(const HostKernel &) = delete;

  /// The parameters are copied.
  template <typename Parameters>
  void launch(moelora_stream *stream, const Parameters &parameters) const {
    moelora_launch launch = {};
    launch.kernel = kernel;
    for (int axis = 0; axis < 3; ++axis)
      launch.grid[axis] = launch.block[axis] = 1;
    launch.parameter_bytes = sizeof parameters;
    launch.parameters = &parameters;
    must(device.launch(device.context, stream, &launch, 1, nullptr));
  }
  template <typename Parameters>
  static const Parameters &parametersOf(const moelora_launch *launch) {
    return *static_cast<const Parameters *>(launch->parameters);
  }

private:
  static void must(moelora_status status) {
    if (status != MOELORA_OK)
      throw std::runtime_error("expects the device not to fail");
  }

  const moelora_device &device;
  moelora_module *module = nullptr;
  moelora_kernel *kernel = nullptr;
};

} // namespace moelora::test

#endif // MOELORA_TEST_SLOTS_HOSTKERNEL_H
