// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The GPU behind the fake driver: its memory, and code for its kernels. Each
// library with the driver has one: HostGpu.cpp runs functions of the host, and
// EmulatedGpu.cpp the kernels of compiled layers.
#ifndef MOELORA_TEST_DEVICE_FAKEGPU_H
#define MOELORA_TEST_DEVICE_FAKEGPU_H

#include "moelora/runtime/Device.h"

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace moelora::test {

struct FakeFunction {
  /// Returns a result of the driver.
  std::function<int(const moelora_launch &)> run;
  int sharedBytes = 48 << 10;
  bool loaded = false;
};
using FakeModule = std::map<std::string, FakeFunction>;

using FakeHostBlock = std::unique_ptr<void, void (*)(void *)>;

class FakeGpu {
public:
  struct Facts {
    std::string name;
    int architecture, multiprocessors, sharedBytes;
  };

  virtual ~FakeGpu() = default;
  virtual Facts facts() = 0;
  /// Memory that is filled with NaN; NULL if there is not enough.
  virtual void *allocate(uint64_t bytes) = 0;
  virtual void release(void *memory) = 0;
  /// Whether a pointer is to memory of the GPU.
  virtual bool owns(const void *pointer) const = 0;
  /// Memory may have an address before the GPU can use it.
  virtual void setReady(void *, bool) {}
  virtual FakeHostBlock allocateHost(uint64_t bytes);
  // These do their work at once, and return a result of the driver.
  virtual int copy(void *to, const void *from, uint64_t bytes) = 0;
  virtual int store(uint64_t *to, uint64_t value) = 0;
  /// `log` is what the compiler says of an image that is wrong.
  virtual int load(const void *image, FakeModule &module, std::string &log) = 0;
  /// The last context has been released, and with it everything else.
  virtual void reset() {}
};

/// The only one.
FakeGpu &gpu();

} // namespace moelora::test

#endif // MOELORA_TEST_DEVICE_FAKEGPU_H
