// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A fixture that opens the emulator as a plug-in, and a module for it.
#ifndef MOELORA_TEST_EMULATOR_PLUGGEDDEVICE_H
#define MOELORA_TEST_EMULATOR_PLUGGEDDEVICE_H

#include "moelora/emulator/Kernel.h"
#include "moelora/runtime/Device.h"

#include <gmock/gmock.h>

#include <string>

namespace moelora::test {

struct Parameters {
  uint32_t *out;
};

/// A kernel: each thread stores its index at its index in the output.
inline void store(moelora_emulator_thread *thread, const void *parameters) {
  uint32_t i = thread->calls->special(thread, MOELORA_EMULATOR_TID_X);
  auto *out = static_cast<const Parameters *>(parameters)->out + i;
  *static_cast<uint32_t *>(
      thread->calls->access(thread, out, 4, 4, MOELORA_EMULATOR_STORE, 0)) = i;
}

inline constexpr moelora_emulated_site site = {"llvm.store", "layer.mlir:12:3"};
inline constexpr moelora_emulated_kernel kernels[] = {
    {"store", store, sizeof(Parameters), 1, &site}};

class EmulatedDevice : public testing::Test {
protected:
  void TearDown() override {
    EXPECT_EQ(moelora_device_close(device, nullptr), MOELORA_OK);
  }

  void open(const std::string &options = "") {
    ASSERT_EQ(
        moelora_device_open(("emulator:" + options).c_str(), &device, nullptr),
        MOELORA_OK);
  }
  /// Calls a function of the device. Returns the text of its error, or "".
  template <typename Function, typename... Values>
  std::string call(Function function, Values... values) {
    moelora_error *error = nullptr;
    status = (device->*function)(device->context, values..., &error);
    std::string text = status == MOELORA_OK ? "" : moelora_error_text(error);
    moelora_error_free(error);
    return text;
  }
  std::string load(const moelora_emulated_module &module) {
    moelora_binary binary = {MOELORA_BINARY_EMULATED, 0, 0, &module};
    return call(&moelora_device::module_load,
                static_cast<const moelora_binary *>(&binary), &loaded);
  }
  std::string launch(moelora_stream *stream, uint32_t threads, void *out,
                     uint32_t shared = 0) {
    moelora_kernel_info info = {"store", 0, threads, 0, 0};
    moelora_kernel *kernel = nullptr;
    EXPECT_EQ(call(&moelora_device::kernel_get, loaded,
                   static_cast<const moelora_kernel_info *>(&info), &kernel),
              "");
    Parameters parameters = {static_cast<uint32_t *>(out)};
    moelora_launch one = {kernel, {1, 1, 1},  {threads, 1, 1},
                          {},     shared,     sizeof parameters,
                          0,      &parameters};
    return call(&moelora_device::launch, stream,
                static_cast<const moelora_launch *>(&one), 1u);
  }

  const moelora_device *device = nullptr;
  moelora_module *loaded = nullptr;
  moelora_status status = MOELORA_OK;
  moelora_emulated_module module = {sizeof(moelora_emulated_module),
                                    MOELORA_EMULATOR_VERSION, 80, 1, kernels};
};

} // namespace moelora::test

#endif // MOELORA_TEST_EMULATOR_PLUGGEDDEVICE_H
