// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The fake driver: modules and launches.

#include "FakeState.h"

#include <algorithm>
#include <cstring>
#include <elf.h>
#include <vector>

using namespace moelora::test;
using namespace moelora::cuda;

/// The kernel's parameters in the last argument of a launch.
static std::vector<char> parametersOf(void **extra) {
  std::vector<char> bytes;
  if (extra && extra[0] == launchParameters && extra[2] == launchParameterBytes)
    bytes.assign(static_cast<char *>(extra[1]),
                 static_cast<char *>(extra[1]) +
                     *static_cast<size_t *>(extra[3]));
  return bytes;
}

/// Writes a compiler's messages to the caller's buffer.
static void writeLog(const std::string &text, unsigned count,
                     const int *options, void **values) {
  for (unsigned i = 0; i + 1 < count; ++i)
    if (options[i] == ErrorLog && options[i + 1] == ErrorLogBytes)
      text.copy(static_cast<char *>(values[i]),
                reinterpret_cast<size_t>(values[i + 1]));
}

/// Puts a launch on a stream.
static int launchOn(StreamHandle on, FunctionHandle handle,
                    moelora_launch launch, void **extra) {
  return onStream(on, [&](FakeState &fake, auto &stream) {
    FakeFunction function = *reinterpret_cast<FakeFunction *>(handle);
    if (!function.loaded ||
        static_cast<int>(launch.shared_bytes) > function.sharedBytes)
      return InvalidValue;
    fake.ask(*stream, [=, parameters = parametersOf(extra)]() mutable {
      launch.parameters = parameters.data();
      launch.parameter_bytes = static_cast<uint32_t>(parameters.size());
      return function.run(launch);
    });
    return Success;
  });
}

extern "C" {

int cuModuleLoadDataEx(ModuleHandle *handle, const void *image, unsigned count,
                       int *options, void **values) {
  return call(InContext, [&](FakeState &fake) -> int {
    if (breakCaptures(fake))
      return CaptureUnsupported;
    FakeModule module;
    std::string log;
    int result = gpu().load(image, module, log);
    if (result == Success) {
      fake.cubinLoads += std::memcmp(image, ELFMAG, SELFMAG) == 0;
      fake.modules.add(handle, std::move(module));
    }
    writeLog(log, count, options, values);
    return result;
  });
}
int cuModuleUnload(ModuleHandle handle) {
  return call(GivesBack, [&](FakeState &fake) {
    return fake.modules.remove(handle) ? Success : InvalidHandle;
  });
}
int cuModuleGetFunction(FunctionHandle *function, ModuleHandle handle,
                        const char *name) {
  return call(InContext, [&](FakeState &fake) -> int {
    std::shared_ptr<FakeModule> module = fake.modules.find(handle);
    auto found = module ? module->find(name) : FakeModule::iterator();
    if (!module || found == module->end())
      return NotFound;
    *function = reinterpret_cast<FunctionHandle>(&found->second);
    return Success;
  });
}
int cuFuncLoad(FunctionHandle function) {
  return call(InContext, [&](FakeState &) {
    reinterpret_cast<FakeFunction *>(function)->loaded = true;
    return Success;
  });
}
int cuFuncGetAttribute(int *value, int attribute, FunctionHandle function) {
  return call(InContext, [&](FakeState &) {
    constexpr int mostThreads = 1024;
    *value = attribute == MostThreads
                 ? mostThreads
                 : reinterpret_cast<FakeFunction *>(function)->sharedBytes;
    return Success;
  });
}
int cuFuncSetAttribute(FunctionHandle function, int, int value) {
  return call(InContext, [&](FakeState &) {
    reinterpret_cast<FakeFunction *>(function)->sharedBytes = value;
    return Success;
  });
}
int cuLaunchKernel(FunctionHandle handle, unsigned gx, unsigned gy, unsigned gz,
                   unsigned bx, unsigned by, unsigned bz, unsigned sharedBytes,
                   StreamHandle on, void **, void **extra) {
  moelora_launch launch = {nullptr,   {gx, gy, gz}, {bx, by, bz},
                           {0, 0, 0}, sharedBytes,  0,
                           0,         nullptr};
  return launchOn(on, handle, launch, extra);
}
int cuLaunchKernelEx(const LaunchConfig *config, FunctionHandle handle, void **,
                     void **extra) {
  moelora_launch launch = {};
  for (int axis = 0; axis < 3; ++axis) {
    launch.grid[axis] = config->grid[axis];
    launch.block[axis] = config->block[axis];
  }
  launch.shared_bytes = config->sharedBytes;
  for (unsigned i = 0; i < config->attributeCount; ++i) {
    const LaunchAttribute &attribute = config->attributes[i];
    if (attribute.id == ClusterDimension)
      std::copy(attribute.cluster, attribute.cluster + 3, launch.cluster);
    else if (attribute.id == ProgrammaticStreamSerialization)
      launch.flags = attribute.allowed ? MOELORA_LAUNCH_DEPENDENT : 0;
  }
  return launchOn(config->stream, handle, launch, extra);
}
}
