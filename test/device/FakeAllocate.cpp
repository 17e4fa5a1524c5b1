// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The fake driver: memory of the device and of the host.

#include "FakeState.h"

#include <cstdlib>

using namespace moelora::test;
using namespace moelora::cuda;

FakeHostBlock FakeGpu::allocateHost(uint64_t bytes) {
  constexpr size_t alignment = 4096;
  size_t size = (bytes + alignment - 1) / alignment * alignment;
  return {std::aligned_alloc(alignment, size), std::free};
}

namespace {

int allocate(FakeState &fake, Address *address, size_t bytes) {
  void *memory = bytes ? gpu().allocate(bytes) : nullptr;
  if (!memory)
    return bytes ? OutOfMemory : InvalidValue;
  fake.memory.insert(memory);
  *address = reinterpret_cast<Address>(memory);
  return Success;
}

/// A call that may wait breaks captures that do not allow this.
template <typename Body> int mayWait(Body body) {
  return call(InContext, [&](FakeState &fake) -> int {
    return breakCaptures(fake) ? CaptureUnsupported : body(fake);
  });
}

} // namespace

extern "C" {

int cuMemAlloc_v2(Address *address, size_t bytes) {
  return mayWait(
      [&](FakeState &fake) { return allocate(fake, address, bytes); });
}
int cuMemFree_v2(Address address) {
  return call(GivesBack, [&](FakeState &fake) {
    auto *memory = reinterpret_cast<void *>(address);
    if (!fake.memory.erase(memory))
      return InvalidValue;
    gpu().release(memory);
    return Success;
  });
}
int cuMemHostAlloc(void **memory, size_t bytes, unsigned) {
  return mayWait([&](FakeState &fake) {
    FakeHostBlock block = gpu().allocateHost(bytes);
    if (!block)
      return OutOfMemory;
    *memory = block.get();
    fake.host.emplace(*memory, std::move(block));
    fake.hostBytes[static_cast<char *>(*memory)] = bytes;
    return Success;
  });
}
int cuMemFreeHost(void *memory) {
  return call(GivesBack, [&](FakeState &fake) {
    fake.hostBytes.erase(static_cast<char *>(memory));
    return fake.host.erase(memory) ? Success : InvalidValue;
  });
}

int cuMemPoolCreate(PoolHandle *pool, const PoolProperties *properties) {
  return call(InContext, [&](FakeState &fake) {
    if (properties->type != 1 || properties->location != 1 ||
        properties->ordinal >= fake.devices)
      return InvalidValue;
    ++fake.livePools;
    *pool = reinterpret_cast<PoolHandle>(&fake.livePools);
    return Success;
  });
}
int cuMemPoolDestroy(PoolHandle) {
  return call(GivesBack, [&](FakeState &fake) {
    --fake.livePools;
    return Success;
  });
}
int cuMemPoolSetAttribute(PoolHandle, int attribute, void *) {
  return call(InContext, [&](FakeState &) {
    return attribute == ReleaseThreshold ? Success : InvalidValue;
  });
}
// The address is there at once, the memory when the stream has come to it.
int cuMemAllocFromPoolAsync(Address *address, size_t bytes, PoolHandle,
                            StreamHandle handle) {
  return call(InContext, [&](FakeState &fake) {
    int result = allocate(fake, address, bytes);
    if (result != Success)
      return result;
    ++fake.featureUses;
    auto *memory = reinterpret_cast<void *>(*address);
    gpu().setReady(memory, false);
    fake.ask(*fake.stream(handle), [memory] {
      gpu().setReady(memory, true);
      return Success;
    });
    return result;
  });
}
int cuMemFreeAsync(Address address, StreamHandle handle) {
  return call(GivesBack, [&](FakeState &fake) {
    auto *memory = reinterpret_cast<void *>(address);
    if (!fake.memory.erase(memory))
      return InvalidValue;
    fake.stream(handle)->ask([memory] { gpu().release(memory); });
    return Success;
  });
}
}
