// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The fake driver: modules and launches.

#include "FakeState.h"

#include <sstream>
#include <vector>

using namespace moelora::test;
using namespace moelora::cuda;

/// What the launch's last argument says, as the kernel's parameters.
static std::vector<char> parametersOf(void **extra) {
  std::vector<char> bytes;
  if (extra && extra[0] == launchParameters && extra[2] == launchParameterBytes)
    bytes.assign(static_cast<char *>(extra[1]),
                 static_cast<char *>(extra[1]) +
                     *static_cast<size_t *>(extra[3]));
  return bytes;
}

extern "C" {

int cuModuleLoadData(ModuleHandle *handle, const void *image) {
  return call(InContext, [&](FakeState &fake) -> int {
    std::istringstream text(static_cast<const char *>(image));
    std::string first, second, name;
    if (!(text >> first >> second) || first + second != "fakemodule")
      return InvalidImage;
    FakeModule module;
    constexpr int usualSharedBytes = 48 << 10;
    for (uintptr_t address; text >> name >> address;)
      module[name] = {reinterpret_cast<moelora_host_kernel>(address),
                      usualSharedBytes};
    fake.modules.add(handle, std::move(module));
    return Success;
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
int cuFuncGetAttribute(int *value, int, FunctionHandle function) {
  return call(InContext, [&](FakeState &) {
    *value = reinterpret_cast<FakeFunction *>(function)->sharedBytes;
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
  return onStream(on, [&](FakeState &fake, auto &stream) {
    FakeFunction function = *reinterpret_cast<FakeFunction *>(handle);
    if (static_cast<int>(sharedBytes) > function.sharedBytes)
      return InvalidValue;
    moelora_launch launch = {nullptr, {gx, gy, gz}, {bx, by, bz}, sharedBytes,
                             0,       nullptr};
    stream->ask([=, &fake, parameters = parametersOf(extra)]() mutable {
      launch.parameters = parameters.data();
      launch.parameter_bytes = static_cast<uint32_t>(parameters.size());
      FakeMemory::Access access(fake.memory);
      function.kernel(&launch);
    });
    return Success;
  });
}
}
