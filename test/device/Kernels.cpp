// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The kernels of the suite: functions of the host, which the fake driver runs
// too, and PTX.

#include "Kernels.h"

#include "moelora/emulator/Kernel.h"

#include <cstring>
#include <string>
#include <thread>

using namespace moelora;
using namespace moelora::test;

namespace {

void addOnHost(const moelora_launch *launch) {
  AddParameters p;
  std::memcpy(&p, launch->parameters, sizeof p);
  for (uint32_t i = 0; i < launch->grid[0] * launch->block[0]; ++i)
    p.out[i] = p.a[i] + p.b[i];
}

void awaitOnHost(const moelora_launch *launch) {
  AwaitParameters p;
  std::memcpy(&p, launch->parameters, sizeof p);
  auto *flag = const_cast<const uint64_t *>(p.flag);
  while (__atomic_load_n(flag, __ATOMIC_ACQUIRE) == 0)
    std::this_thread::yield();
}

const void *hostKernel(const std::string &name) {
  return reinterpret_cast<const void *>(name == "add" ? addOnHost
                                                      : awaitOnHost);
}

void *reached(moelora_emulator_thread *thread, const volatile void *pointer,
              uint32_t bytes, uint32_t kind) {
  return thread->calls->access(thread, const_cast<void *>(pointer), bytes,
                               bytes, kind, 0);
}

void addEmulated(moelora_emulator_thread *thread, const void *parameters) {
  auto &p = *static_cast<const AddParameters *>(parameters);
  uint32_t i = thread->calls->special(thread, MOELORA_EMULATOR_TID_X);
  auto load = [&](const float *from) {
    return *static_cast<float *>(
        reached(thread, from, sizeof *from, MOELORA_EMULATOR_LOAD));
  };
  float sum = load(p.a + i) + load(p.b + i);
  *static_cast<float *>(
      reached(thread, p.out + i, sizeof sum, MOELORA_EMULATOR_STORE)) = sum;
}

void awaitEmulated(moelora_emulator_thread *thread, const void *parameters) {
  auto &p = *static_cast<const AwaitParameters *>(parameters);
  auto *flag = static_cast<const uint64_t *>(
      reached(thread, p.flag, sizeof *p.flag, MOELORA_EMULATOR_LOAD));
  while (__atomic_load_n(flag, __ATOMIC_ACQUIRE) == 0)
    std::this_thread::yield();
}

constexpr moelora_emulated_site site = {"test", ""};
constexpr moelora_emulated_kernel emulatedKernels[] = {
    {"add", addEmulated, sizeof(AddParameters), 1, &site},
    {"await", awaitEmulated, sizeof(AwaitParameters), 1, &site}};
constexpr moelora_emulated_module emulatedModule = {
    sizeof(moelora_emulated_module), MOELORA_EMULATOR_VERSION, 80, 2,
    emulatedKernels};

constexpr const char *ptx = R"(
.version 7.0
.target sm_80
.address_size 64

.visible .entry add(.param .u64 out, .param .u64 a, .param .u64 b)
{
  .reg .b32 %lane;
  .reg .b64 %offset, %out, %a, %b;
  .reg .f32 %x, %y;
  mov.u32 %lane, %tid.x;
  mul.wide.u32 %offset, %lane, 4;
  ld.param.u64 %out, [out];
  ld.param.u64 %a, [a];
  ld.param.u64 %b, [b];
  add.u64 %out, %out, %offset;
  add.u64 %a, %a, %offset;
  add.u64 %b, %b, %offset;
  ld.f32 %x, [%a];
  ld.f32 %y, [%b];
  add.f32 %x, %x, %y;
  st.f32 [%out], %x;
  ret;
}

.visible .entry await(.param .u64 flag)
{
  .reg .b64 %flag, %value;
  .reg .pred %zero;
  ld.param.u64 %flag, [flag];
again:
  ld.volatile.u64 %value, [%flag];
  setp.eq.u64 %zero, %value, 0;
  @%zero bra again;
  ret;
}
)";

/// The binary for the device: an address, a fake module, or PTX.
std::string imageFor(const moelora_device &device) {
  if (std::string(device.name).find("Fake") == std::string::npos)
    return ptx;
  std::string text = "fake module";
  for (std::string name : {"add", "await"})
    text += " " + name + " " +
            std::to_string(reinterpret_cast<uintptr_t>(hostKernel(name)));
  return text;
}

moelora_binary binaryOf(const std::string &text) {
  return {MOELORA_BINARY_PTX, 0, text.size() + 1, text.c_str()};
}

} // namespace

Kernel::Kernel(const moelora_device &device, const char *name,
               uint32_t sharedBytes)
    : device(device) {
  std::string deviceName = device.name;
  bool onHost = deviceName == "cpu" || deviceName == "test";
  bool emulated = deviceName.find("emulator") == 0;
  std::string image = onHost || emulated ? "" : imageFor(device);
  load(onHost ? moelora_binary{MOELORA_BINARY_HOST, 0, 0, hostKernel(name)}
       : emulated
           ? moelora_binary{MOELORA_BINARY_EMULATED, 0, 0, &emulatedModule}
           : binaryOf(image),
       name, sharedBytes);
}

Kernel::Kernel(const moelora_device &device, const std::string &image,
               const char *name)
    : device(device) {
  load(binaryOf(image), name, 0);
}

void Kernel::load(const moelora_binary &binary, const char *name,
                  uint32_t sharedBytes) {
  call(device, &moelora_device::module_load, &binary, &module);
  try {
    kernel = get(name, sharedBytes);
  } catch (...) {
    device.module_unload(device.context, module);
    throw;
  }
}

moelora_kernel *Kernel::get(const char *name, uint32_t sharedBytes,
                            uint32_t threadCount) const {
  moelora_kernel_info info = {name, 0, threadCount, sharedBytes, 0};
  moelora_kernel *found = nullptr;
  call(device, &moelora_device::kernel_get, module, &info, &found);
  return found;
}
