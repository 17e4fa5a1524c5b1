// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A fake GPU that is the emulator. The image of a module has to be in a
// compiled layer that also has the variant for the emulator: if the image is
// that of sm_80, the kernels of emulated-sm_80 run. MOELORA_EMULATED_GPU has
// the options of the emulator.

#include "EmulatedCode.h"
#include "FakeGpu.h"
#include "device/cuda/CudaResults.h"

#include <cstdio>
#include <cstdlib>

using namespace moelora::test;
using namespace moelora::cuda;

namespace {

/// The emulator, from the first call on.
const moelora_device &device();

bool succeeds(moelora_status status, moelora_error *error) {
  if (status != MOELORA_OK)
    std::fprintf(stderr, "the emulated GPU: %s\n", moelora_error_text(error));
  moelora_error_free(error);
  return status == MOELORA_OK;
}

/// Calls a function of the emulator. A failure is shown, because the driver has
/// no words for it.
template <typename... Parameters, typename... Arguments>
bool ask(moelora_status (*moelora_device::*function)(void *, Parameters...),
         Arguments... arguments) {
  moelora_error *error = nullptr;
  moelora_status status =
      (device().*function)(device().context, arguments..., &error);
  return succeeds(status, error);
}

class EmulatedGpu : public FakeGpu {
public:
  const moelora_device &open() {
    const char *options = std::getenv("MOELORA_EMULATED_GPU");
    moelora_error *error = nullptr;
    if (!opened &&
        !succeeds(
            moelora_device_open(
                ("emulator:" + std::string(options ? options : "")).c_str(),
                &opened, &error),
            error))
      std::abort();
    return *opened;
  }
  void reset() override {
    moelora_device_close(opened, nullptr);
    opened = nullptr;
    blocks.clear();
  }

  Facts facts() override {
    return {"Emulated GPU", valueOf(MOELORA_DEVICE_ARCHITECTURE),
            valueOf(MOELORA_DEVICE_MULTIPROCESSORS),
            valueOf(MOELORA_DEVICE_SHARED_BYTES)};
  }
  void *allocate(uint64_t bytes) override {
    void *memory = nullptr;
    if (!ask(&moelora_device::allocate, bytes, &memory))
      return nullptr;
    blocks[static_cast<char *>(memory)] = bytes;
    return memory;
  }
  bool owns(const void *pointer) const override {
    auto at = static_cast<const char *>(pointer);
    auto next = blocks.upper_bound(at);
    return next != blocks.begin() &&
           at < std::prev(next)->first + std::prev(next)->second;
  }
  void release(void *memory) override {
    blocks.erase(static_cast<char *>(memory));
    device().release(device().context, memory, 0);
  }
  FakeHostBlock allocateHost(uint64_t bytes) override {
    void *memory = nullptr;
    ask(&moelora_device::allocate_host, bytes, &memory);
    return {memory, [](void *given) {
              device().release_host(device().context, given, 0);
            }};
  }
  int copy(void *to, const void *from, uint64_t bytes) override {
    return ask(&moelora_device::copy, noStream, to, from, bytes)
               ? Success
               : IllegalAddress;
  }
  int store(uint64_t *to, uint64_t value) override {
    return ask(&moelora_device::store, noStream, to, value) ? Success
                                                            : IllegalAddress;
  }

  int load(const void *image, FakeModule &module, std::string &log) override {
    EmulatedCode code = EmulatedCode::of(image);
    if (!code.emulated) {
      log = "the compiled layer has no variant for the emulator\n";
      return InvalidImage;
    }
    if (!code.isFor(facts().architecture))
      return NoBinaryForGpu;
    moelora_binary binary = {MOELORA_BINARY_EMULATED, 0, 0, code.emulated};
    moelora_module *loaded = nullptr;
    if (!ask(&moelora_device::module_load, &binary, &loaded))
      return InvalidImage;
    for (uint32_t i = 0; i < code.emulated->kernels; ++i)
      if (const char *name = code.emulated->kernel[i].name; code.has(name))
        module[name].run = functionOf(loaded, name);
    return Success;
  }

private:
  static constexpr moelora_stream *noStream = nullptr;

  int valueOf(int32_t key) {
    int64_t value = 0;
    ask(&moelora_device::query, key, &value);
    return static_cast<int>(value);
  }

  std::function<int(const moelora_launch &)> functionOf(moelora_module *module,
                                                        const char *name) {
    moelora_kernel_info info = {name, 0, 1, 0, 0};
    moelora_kernel *kernel = nullptr;
    ask(&moelora_device::kernel_get, module, &info, &kernel);
    return [kernel](moelora_launch launch) {
      launch.kernel = kernel;
      const moelora_launch *one = &launch;
      return ask(&moelora_device::launch, noStream, one, 1u) ? Success
                                                             : LaunchFailed;
    };
  }

  const moelora_device *opened = nullptr;
  std::map<const char *, uint64_t> blocks; // of memory
};

EmulatedGpu &theGpu() {
  static EmulatedGpu only;
  return only;
}

const moelora_device &device() { return theGpu().open(); }

} // namespace

FakeGpu &moelora::test::gpu() { return theGpu(); }
