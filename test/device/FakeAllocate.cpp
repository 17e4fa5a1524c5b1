// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The fake driver: memory of the device and of the host.

#include "FakeState.h"

#include <cstdlib>

using namespace moelora::test;
using namespace moelora::cuda;

static int allocate(FakeState &fake, Address *address, size_t bytes) {
  char *memory = bytes ? fake.memory.allocate(bytes) : nullptr;
  if (!memory)
    return bytes ? OutOfMemory : InvalidValue;
  fake.memory.poison(memory);
  ++fake.liveMemory;
  *address = reinterpret_cast<Address>(memory);
  return Success;
}

extern "C" {

int cuMemAlloc_v2(Address *address, size_t bytes) {
  return call(InContext,
              [&](FakeState &fake) { return allocate(fake, address, bytes); });
}
int cuMemFree_v2(Address address) {
  return call(GivesBack, [&](FakeState &fake) {
    bool there = fake.memory.release(reinterpret_cast<char *>(address));
    fake.liveMemory -= there;
    return there ? Success : InvalidValue;
  });
}
int cuMemHostAlloc(void **memory, size_t bytes, unsigned) {
  return call(InContext, [&](FakeState &fake) {
    constexpr size_t alignment = 4096;
    size_t size = (bytes + alignment - 1) / alignment * alignment;
    FakeHostBlock block(std::aligned_alloc(alignment, size), std::free);
    if (!block)
      return OutOfMemory;
    *memory = block.get();
    fake.host.emplace(*memory, std::move(block));
    return Success;
  });
}
int cuMemFreeHost(void *memory) {
  return call(GivesBack, [&](FakeState &fake) {
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
    auto *memory = reinterpret_cast<char *>(*address);
    fake.memory.setReady(memory, false);
    fake.stream(handle)->ask(
        [&fake, memory] { fake.memory.setReady(memory, true); });
    return result;
  });
}
int cuMemFreeAsync(Address address, StreamHandle handle) {
  return call(GivesBack, [&](FakeState &fake) {
    auto *memory = reinterpret_cast<char *>(address);
    if (!fake.memory.has(memory))
      return InvalidValue;
    --fake.liveMemory;
    fake.stream(handle)->ask([&fake, memory] { fake.memory.release(memory); });
    return Success;
  });
}
}
