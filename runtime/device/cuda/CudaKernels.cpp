/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Modules, kernels and launches of a CUDA device. Their handles are those of
 * the driver, so a launch reads no other data.
 */
#include "base/Elf.h"
#include "device/Rules.h"
#include "device/cuda/CudaDevice.h"

#include <cstring>
#include <vector>

using namespace moelora;
using namespace moelora::cuda;

namespace {

ModuleHandle moduleOf(moelora_module *module) {
  return reinterpret_cast<ModuleHandle>(module);
}

/// The compiler's messages about PTX, as one line.
std::string words(const std::vector<char> &log) {
  std::string text = log.data();
  while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
    text.pop_back();
  return text.empty() ? text : ": " + text;
}

ModuleHandle load(const Driver &driver, const moelora_binary &binary) {
  constexpr size_t mostLogBytes = 16 << 10;
  std::vector<char> log(mostLogBytes + 1);
  int options[] = {ErrorLog, ErrorLogBytes};
  void *values[] = {log.data(), reinterpret_cast<void *>(mostLogBytes)};
  ModuleHandle module = nullptr;
  Answer answer = driver.moduleLoad(&module, binary.data, 2, options, values);
  if (answer.result != Success)
    fail(driver.words(answer) + words(log), statusOf(answer.result));
  return module;
}

/// The driver is not told how many bytes there are.
void checkCubin(const moelora_binary &binary) {
  const auto *bytes = static_cast<const char *>(binary.data);
  ElfFile file = {"the cubin", binary.bytes,
                  [&](uint64_t offset, uint64_t count, void *to) {
                    std::memcpy(to, bytes + offset, count);
                  }};
  Elf64_Ehdr header = readElfHeader(file);
  if (!isElf64(header) || header.e_machine != EM_CUDA)
    fail("expects a cubin to be machine code for a GPU in the ELF format, but "
         "it is not");
  checkElfExtents(file, header);
}

moelora_status moduleLoad(void *context, const moelora_binary *binary,
                          moelora_module **module, moelora_error **error) {
  return use(context, error, [&](Device &, const Driver &driver) {
    checkBinary(binary);
    checkResults(module);
    if (binary->kind != MOELORA_BINARY_PTX &&
        binary->kind != MOELORA_BINARY_CUBIN)
      refuseBinary(*binary, "a CUDA device");
    if (binary->kind == MOELORA_BINARY_CUBIN)
      checkCubin(*binary);
    *module = reinterpret_cast<moelora_module *>(load(driver, *binary));
  });
}

void moduleUnload(void *context, moelora_module *module) {
  finish(context, [&](Device &, const Driver &driver) {
    if (module)
      (void)driver.moduleUnload(moduleOf(module));
  });
}

FunctionHandle find(const Driver &driver, ModuleHandle module,
                    const char *name) {
  FunctionHandle function = nullptr;
  Answer found = driver.moduleFunction(&function, module, name);
  if (found.result == NotFound)
    fail("expects the module to hold the kernel \"" + std::string(name) +
             "\", but it does not",
         MOELORA_NOT_FOUND);
  driver.check(found);
  // Drivers otherwise load a function at its first launch.
  if (driver.functionLoad)
    driver.check(driver.functionLoad(function));
  return function;
}

void checkThreads(const Driver &driver, FunctionHandle function,
                  uint32_t threads) {
  int most = 0;
  driver.check(driver.functionGet(&most, MostThreads, function));
  if (threads > static_cast<uint32_t>(most))
    fail("expects a block of the kernel to have at most " +
         std::to_string(most) + " threads on the device, but it has " +
         std::to_string(threads));
}

/// A kernel that is described twice gets the larger size.
void raiseSharedBytes(Device &device, FunctionHandle function, uint32_t bytes) {
  if (bytes > static_cast<uint32_t>(device.facts.sharedBytes))
    fail("expects a block of the kernel to have at most the " +
         std::to_string(device.facts.sharedBytes) +
         " bytes of shared memory of the device, but it has " +
         std::to_string(bytes));
  const Driver &driver = device.driver;
  std::lock_guard<std::mutex> lock(device.kernels);
  int now = 0, needed = static_cast<int>(bytes);
  driver.check(driver.functionGet(&now, MostDynamicSharedBytes, function));
  if (needed > now)
    driver.check(driver.functionSet(function, MostDynamicSharedBytes, needed));
}

moelora_status kernelGet(void *context, moelora_module *module,
                         const moelora_kernel_info *info,
                         moelora_kernel **kernel, moelora_error **error) {
  return use(context, error, [&](Device &device, const Driver &driver) {
    checkThere(module, "a module");
    checkKernelInfo(info);
    checkResults(kernel);
    FunctionHandle function = find(driver, moduleOf(module), info->name);
    checkThreads(driver, function, info->threads);
    raiseSharedBytes(device, function, info->shared_bytes);
    *kernel = reinterpret_cast<moelora_kernel *>(function);
  });
}

/// The attributes of a launch. Most launches have none.
unsigned addAttributes(LaunchAttribute *attributes,
                       const moelora_launch &launch,
                       const Device::Facts &facts) {
  unsigned count = 0;
  if (hasClusters(launch)) {
    LaunchAttribute &attribute = attributes[count++];
    attribute.id = ClusterDimension;
    for (int axis = 0; axis < 3; ++axis)
      attribute.cluster[axis] = launch.cluster[axis] ? launch.cluster[axis] : 1;
  }
  if (launch.flags & MOELORA_LAUNCH_DEPENDENT && facts.launchesDependents) {
    LaunchAttribute &attribute = attributes[count++];
    attribute.id = ProgrammaticStreamSerialization;
    attribute.allowed = 1;
  }
  return count;
}

Answer launchOne(const Device &device, StreamHandle stream,
                 const moelora_launch &launch) {
  size_t bytes = launch.parameter_bytes;
  void *parameters[] = {launchParameters, const_cast<void *>(launch.parameters),
                        launchParameterBytes, &bytes, launchEnd};
  void **extra = bytes ? parameters : nullptr;
  auto function = reinterpret_cast<FunctionHandle>(
      const_cast<moelora_kernel *>(launch.kernel));
  const auto &[gx, gy, gz] = launch.grid;
  const auto &[bx, by, bz] = launch.block;
  LaunchAttribute attributes[2] = {};
  unsigned count = addAttributes(attributes, launch, device.facts);
  if (count == 0)
    return device.driver.launch(function, gx, gy, gz, bx, by, bz,
                                launch.shared_bytes, stream, nullptr, extra);
  LaunchConfig config = {{gx, gy, gz}, {bx, by, bz}, launch.shared_bytes,
                         stream,       attributes,   count};
  return device.driver.launchWith(&config, function, nullptr, extra);
}

void checkClusters(const moelora_launch &launch, const Device &device) {
  if (hasClusters(launch) && !device.facts.launchesWith)
    fail("a launch has clusters, which this GPU or its driver has not",
         MOELORA_UNSUPPORTED);
}

moelora_status launch(void *context, moelora_stream *stream,
                      const moelora_launch *launches, uint32_t count,
                      moelora_error **error) {
  return use(context, error, [&](Device &device, const Driver &driver) {
    checkLaunches(launches, count);
    for (uint32_t i = 0; i < count; ++i)
      checkClusters(launches[i], device);
    for (uint32_t i = 0; i < count; ++i)
      driver.check(launchOne(device, handleOf(stream), launches[i]));
  });
}

} // namespace

void cuda::addKernelFunctions(moelora_device &device) {
  device.module_load = moduleLoad;
  device.module_unload = moduleUnload;
  device.kernel_get = kernelGet;
  device.launch = launch;
}
