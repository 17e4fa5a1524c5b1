// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A batch of tokens with random adapters on a compiled layer, and the driver
// whose GPU is the emulator.
#ifndef MOELORA_TEST_GPU_COMPILEDBATCH_H
#define MOELORA_TEST_GPU_COMPILEDBATCH_H

#include "FakeDriver.h"
#include "moelora/adapters/Open.h"
#include "moelora/host/Run.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <dlfcn.h>

namespace moelora::test {

/// How the driver is steered.
inline const FakeControl &emulatedDriver() {
  static void *library = ::dlopen(EMULATED_DRIVER, RTLD_NOW | RTLD_LOCAL);
  static auto control = reinterpret_cast<decltype(&fake_cuda_control)>(
      ::dlsym(library, "fake_cuda_control"));
  return *control();
}

/// A device, where "cuda" is that driver.
inline host::DeviceHandle openGpu(const std::string &name) {
  ::setenv("MOELORA_CUDA_DRIVER", EMULATED_DRIVER, 1);
  ::setenv("MOELORA_EMULATED_GPU", "checks=off", 1);
  return host::openDevice(name);
}

/// A layer on a device. Throws what fails.
struct LayerOnDevice {
  explicit LayerOnDevice(const std::string &name)
      : device(openGpu(name)),
        compiled(LAYER, MODEL, {device.get(), pool.services}),
        weights(host::randomWeights(compiled.model, compiled.number, /*seed=*/1,
                                    pool.services)),
        adapters(adapters::openAdapters(compiled, {}, {16, 8, 32}, /*seed=*/2)),
        table(adapters, compiled), bound(compiled, weights, table) {}

  host::Inputs inputs(int64_t tokens) const {
    return host::randomInputs(
        tokens, /*seed=*/3,
        {compiled.variant, MOELORA_ENTRY_ALL, int32_t(adapters.size())},
        pool.services);
  }

  host::Pool pool{1};
  host::DeviceHandle device;
  host::CompiledLayer compiled;
  host::Weights weights;
  std::vector<host::OpenAdapter> adapters;
  host::SlotTable table;
  host::BoundLayer bound;
};

/// The bytes of the output.
inline std::string outputOf(host::Run &run) {
  run.fetch();
  return {run.output.data(), run.output.bytes()};
}

/// Runs a batch once on a device, and fails as an engine does.
inline std::string outputOn(const std::string &device, int64_t tokens) {
  LayerOnDevice layer(device);
  host::Inputs inputs = layer.inputs(tokens);
  host::Run run(layer.bound, MOELORA_ENTRY_ALL, inputs, layer.table);
  run.run();
  std::string output = outputOf(run);
  emulatedDriver().failCall(-1, 0); // the end is no part of the run
  if (host::statsOf(layer.table.get()).broken_fences)
    throw host::Error("an event has failed");
  return output;
}

} // namespace moelora::test

#endif // MOELORA_TEST_GPU_COMPILEDBATCH_H
