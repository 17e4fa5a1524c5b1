// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A fake GPU whose kernels are functions of the host, and whose memory the host
// can access only while the GPU works. An image of a module is text: "fake
// module", then names of kernels, each followed by the decimal address of a
// moelora_host_kernel.

#include "FakeGpu.h"
#include "FakeMemory.h"
#include "device/cuda/CudaResults.h"

#include <sstream>

using namespace moelora::test;
using namespace moelora::cuda;

namespace {

class HostGpu : public FakeGpu {
public:
  Facts facts() override { return {"Fake GPU", 90, 7, 99 << 10}; }

  void *allocate(uint64_t bytes) override {
    char *made = memory.allocate(bytes);
    if (made)
      memory.poison(made);
    return made;
  }
  void release(void *block) override {
    memory.release(static_cast<char *>(block));
  }
  bool owns(const void *pointer) const override { return memory.has(pointer); }
  void setReady(void *block, bool ready) override {
    memory.setReady(static_cast<char *>(block), ready);
  }

  // Memory that the device must not use is not changed, so that tests detect
  // an error.
  int copy(void *to, const void *from, uint64_t bytes) override {
    FakeMemory::Access access(memory);
    if (memory.mayUse(to, bytes) && memory.mayUse(from, bytes))
      std::memcpy(to, from, bytes);
    return Success;
  }
  int store(uint64_t *to, uint64_t value) override {
    FakeMemory::Access access(memory);
    if (memory.mayUse(to, sizeof value))
      __atomic_store_n(to, value, __ATOMIC_RELEASE);
    return Success;
  }

  int load(const void *image, FakeModule &module, std::string &log) override {
    std::istringstream text(static_cast<const char *>(image));
    std::string first, second, name;
    if (!(text >> first >> second) || first + second != "fakemodule") {
      log = "fake line 1; fatal\n";
      return InvalidImage;
    }
    for (uintptr_t address; text >> name >> address;)
      module[name].run = [this, address](const moelora_launch &launch) {
        FakeMemory::Access access(memory);
        reinterpret_cast<moelora_host_kernel>(address)(&launch);
        return Success;
      };
    return Success;
  }

private:
  FakeMemory memory;
};

} // namespace

FakeGpu &moelora::test::gpu() {
  static HostGpu only;
  return only;
}
