// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The variants of NaiveLayer.c for the emulator and for a GPU, with a table and
// steps on an emulated device, from whose memory the host only copies.
#ifndef MOELORA_TEST_EXECUTE_EMULATEDLAYERS_H
#define MOELORA_TEST_EXECUTE_EMULATEDLAYERS_H

#include "SlotTables.h"

#include <cstdlib>
#include <cstring>

namespace moelora::test {

/// An open device. "cuda" is the driver whose GPU is the emulator.
class OpenDevice {
public:
  explicit OpenDevice(const std::string &name) {
    bool driver = name == "cuda";
    if (driver)
      ::setenv("MOELORA_CUDA_DRIVER", EMULATED_DRIVER, 1);
    EXPECT_EQ(errorOf(moelora_device_open, name.c_str(), &device), "");
    if (driver)
      ::unsetenv("MOELORA_CUDA_DRIVER");
  }
  ~OpenDevice() { EXPECT_EQ(errorOf(moelora_device_close, device), ""); }
  OpenDevice(const OpenDevice &) = delete;
  const moelora_device &operator*() const { return *device; }

private:
  const moelora_device *device = nullptr;
};

/// Memory of a device.
class DeviceArray {
public:
  DeviceArray(const moelora_device &device, uint64_t bytes)
      : device(device), bytes(bytes) {
    EXPECT_EQ(errorOf(device.allocate, device.context, bytes, &memory), "");
  }
  template <typename T>
  DeviceArray(const moelora_device &device, const std::vector<T> &values)
      : DeviceArray(device, values.size() * sizeof(T)) {
    copy(memory, values.data());
  }
  ~DeviceArray() { device.release(device.context, memory, bytes); }
  DeviceArray(const DeviceArray &) = delete;

  template <typename T> T *data() const { return static_cast<T *>(memory); }
  template <typename T> std::vector<T> read() const {
    std::vector<T> values(bytes / sizeof(T));
    copy(values.data(), memory);
    return values;
  }

private:
  void copy(void *to, const void *from) const {
    moelora_stream *none = nullptr;
    EXPECT_EQ(errorOf(device.copy, device.context, none, to, from, bytes), "");
    EXPECT_EQ(errorOf(device.stream_synchronize, device.context, none), "");
  }

  const moelora_device &device;
  uint64_t bytes;
  void *memory = nullptr;
};

/// A program on a device.
struct EmulatedProgram : LoadedLayer {
  explicit EmulatedProgram(const moelora_device &device)
      : LoadedLayer(LAYER_EMULATED) {
    EXPECT_EQ(errorOf(moelora_program_create, &artifact(),
                      static_cast<const char *>(nullptr), &device,
                      static_cast<const moelora_services *>(nullptr), &program),
              "");
  }
  ~EmulatedProgram() {
    EXPECT_EQ(errorOf(moelora_program_destroy, program), "");
  }
  const moelora_variant &made() const {
    return *moelora_program_variant(program);
  }

  moelora_program *program = nullptr;
};

} // namespace moelora::test

#endif // MOELORA_TEST_EXECUTE_EMULATEDLAYERS_H
