// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions of the test device: modules, kernels and launches.

#include "TestFunctions.h"

#include <algorithm>

using namespace moelora;
using namespace moelora::test;

const char *TestFunctions::addLaunch(TestDevice &device, moelora_stream *stream,
                                     const moelora_launch &launch) {
  TestModule *module = nullptr;
  if (const char *objection = find(device, launch.kernel, module))
    return objection;
  TestItem item = {};
  item.kind = TestKind::Launch;
  item.launch = launch;
  item.launch.parameters = nullptr;
  return add(device, stream, item, launch.parameters);
}

/// If a test lets launches fail, some of them may have been enqueued.
TestAnswer TestFunctions::launchAll(TestDevice &device, moelora_stream *stream,
                                    const moelora_launch *launches,
                                    uint32_t count, moelora_status wished) {
  checkLaunches(launches, count);
  uint32_t taken = count;
  if (wished != MOELORA_OK)
    taken = std::min(count, device.faults.launchesTaken());
  for (uint32_t i = 0; i < taken; ++i)
    if (const char *objection = addLaunch(device, stream, launches[i]))
      return objection;
  return {wished, told};
}

moelora_status TestFunctions::loadModule(void *context,
                                         const moelora_binary *binary,
                                         moelora_module **module,
                                         moelora_error **error) {
  return answer(context, TestCall::ModuleLoad, error,
                [&](TestDevice &device, moelora_status) -> TestAnswer {
                  checkBinary(binary);
                  checkResults(module);
                  if (binary->kind != MOELORA_BINARY_HOST)
                    refuseBinary(*binary, "the test device");
                  if (const char *objection = device.captures.unsafe())
                    return objection;
                  TestModule &made = device.modulePool.take();
                  made.function = reinterpret_cast<moelora_host_kernel>(
                      const_cast<void *>(binary->data));
                  *module = reinterpret_cast<moelora_module *>(&made);
                  return nullptr;
                });
}

void TestFunctions::addKernels(moelora_device &device) {
  device.module_load = loadModule;
  device.module_unload = [](void *context, moelora_module *module) {
    TestModule *found = nullptr;
    if (module && !find(of(context), module, found)) {
      of(context).captures.unsafe();
      of(context).modulePool.give(*found);
    }
  };
  device.kernel_get = [](void *context, moelora_module *module,
                         const moelora_kernel_info *info,
                         moelora_kernel **kernel, moelora_error **error) {
    return answer(context, TestCall::KernelGet, error,
                  [&](TestDevice &device, moelora_status) -> TestAnswer {
                    checkThere(module, "a module");
                    checkKernelInfo(info);
                    checkResults(kernel);
                    TestModule *found = nullptr;
                    if (const char *objection = find(device, module, found))
                      return objection;
                    if (const char *objection = device.captures.unsafe())
                      return objection;
                    *kernel = reinterpret_cast<moelora_kernel *>(found);
                    return nullptr;
                  });
  };
  device.launch = [](void *context, moelora_stream *stream,
                     const moelora_launch *launches, uint32_t count,
                     moelora_error **error) {
    return answer(context, TestCall::Launch, error,
                  [&](TestDevice &device, moelora_status wished) {
                    return launchAll(device, stream, launches, count, wished);
                  });
  };
}
