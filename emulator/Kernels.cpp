/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The functions of the device for modules, kernels and launches.
 */
#include "Guard.h"

#include "device/Rules.h"

#include <cstring>

using namespace moelora;
using namespace moelora::emulator;

namespace {

const moelora_emulated_kernel &kernelOf(const moelora_kernel *kernel) {
  return *reinterpret_cast<const moelora_emulated_kernel *>(kernel);
}

void checkKernel(const moelora_emulated_kernel &kernel) {
  checkThere(kernel.name, "the name of an emulated kernel");
  if (!kernel.run || (kernel.sites && !kernel.site))
    fail(std::string("expects the emulated kernel ") + kernel.name +
         " to have a function and its sites, but one of them is NULL");
}

void checkModule(const moelora_emulated_module &module,
                 const Options &options) {
  if (module.version != MOELORA_EMULATOR_VERSION ||
      module.size != sizeof module)
    fail("expects kernels for version " +
             std::to_string(MOELORA_EMULATOR_VERSION) +
             " of the emulator, in a description of " +
             std::to_string(sizeof module) + " bytes, but they are for " +
             std::to_string(module.version) + " in " +
             std::to_string(module.size),
         MOELORA_UNSUPPORTED);
  if (module.architecture > options.architecture)
    fail("expects kernels for sm_" + std::to_string(options.architecture) +
             " or older, but they are for sm_" +
             std::to_string(module.architecture),
         MOELORA_UNSUPPORTED);
  if (module.kernels)
    checkThere(module.kernel, "the kernels of an emulated module");
  for (uint32_t i = 0; i < module.kernels; ++i)
    checkKernel(module.kernel[i]);
}

/// The handle of a module is the address of its description, which the caller
/// owns.
moelora_status moduleLoad(void *context, const moelora_binary *binary,
                          moelora_module **module, moelora_error **error) {
  return use(context, error, [&](Device &device) {
    checkBinary(binary);
    checkResults(module);
    if (binary->kind != MOELORA_BINARY_EMULATED)
      refuseBinary(*binary, "the emulator");
    checkModule(*static_cast<const moelora_emulated_module *>(binary->data),
                device.machine.options());
    *module = static_cast<moelora_module *>(const_cast<void *>(binary->data));
  });
}

void moduleUnload(void *, moelora_module *) {}

const moelora_emulated_kernel &find(const moelora_module *module,
                                    const char *name) {
  auto &code = *reinterpret_cast<const moelora_emulated_module *>(module);
  for (uint32_t i = 0; i < code.kernels; ++i)
    if (std::strcmp(code.kernel[i].name, name) == 0)
      return code.kernel[i];
  fail("expects the module to hold the kernel \"" + std::string(name) +
           "\", but it does not",
       MOELORA_NOT_FOUND);
}

void checkNeeds(const moelora_kernel_info &info, const Options &options) {
  if (info.threads > mostThreads)
    fail("expects a block of the kernel to have at most " +
         std::to_string(mostThreads) + " threads on the device, but it has " +
         std::to_string(info.threads));
  uint32_t limit = sharedLimit(options.architecture);
  if (info.shared_bytes > limit)
    fail("expects a block of the kernel to have at most the " +
         std::to_string(limit) +
         " bytes of shared memory of the device, but it has " +
         std::to_string(info.shared_bytes));
}

moelora_status kernelGet(void *context, moelora_module *module,
                         const moelora_kernel_info *info,
                         moelora_kernel **kernel, moelora_error **error) {
  return use(context, error, [&](Device &device) {
    checkThere(module, "a module");
    checkKernelInfo(info);
    checkResults(kernel);
    const moelora_emulated_kernel &found = find(module, info->name);
    checkNeeds(*info, device.machine.options());
    *kernel = reinterpret_cast<moelora_kernel *>(
        const_cast<moelora_emulated_kernel *>(&found));
  });
}

void checkAll(const Device &device, const moelora_launch *launches,
              uint32_t count) {
  checkLaunches(launches, count);
  for (uint32_t i = 0; i < count; ++i) {
    if (hasClusters(launches[i]))
      fail("a launch has clusters, which the emulator has not",
           MOELORA_UNSUPPORTED);
    device.machine.checkLaunch(kernelOf(launches[i].kernel), launches[i]);
  }
}

Work workOf(Device &device, const moelora_launch &launch) {
  auto first = static_cast<const char *>(launch.parameters);
  std::vector<char> parameters(first, first + launch.parameter_bytes);
  return
      [&device, shape = launch, parameters = std::move(parameters)]() mutable {
        shape.parameters = parameters.data();
        Report report = device.machine.launch(kernelOf(shape.kernel), shape);
        if (!report.fault.empty())
          fail(std::move(report.fault));
      };
}

moelora_status launch(void *context, moelora_stream *stream,
                      const moelora_launch *launches, uint32_t count,
                      moelora_error **error) {
  return use(context, error, [&](Device &device) {
    checkAll(device, launches, count);
    std::vector<Work> works;
    works.reserve(count);
    for (uint32_t i = 0; i < count; ++i)
      works.push_back(workOf(device, launches[i]));
    enqueue(device, stream, std::move(works));
  });
}

} // namespace

void emulator::addKernelFunctions(moelora_device &device) {
  device.module_load = moduleLoad;
  device.module_unload = moduleUnload;
  device.kernel_get = kernelGet;
  device.launch = launch;
}
