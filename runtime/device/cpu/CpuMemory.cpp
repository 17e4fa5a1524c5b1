/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "device/cpu/CpuMemory.h"

#include "device/Rules.h"

#include <atomic>
#include <new>
#include <sys/mman.h>
#include <unistd.h>

using namespace moelora;

namespace {

/// Clearing smaller memory takes so little time that it is not worth keeping.
constexpr uint64_t largeBytes = 2 << 20;

struct Region {
  void *start = nullptr;
  uint64_t bytes = 0;
};

void unmap(const Region &region) {
  if (region.start)
    ::munmap(region.start, region.bytes);
}

/// At most one region, whose first bytes contain its size. It uses no lock,
/// because in a child process the lock might be held for ever.
std::atomic<Region *> kept;

/// Keeps a region, if there is one, and returns what was kept before.
Region swapKept(Region region) {
  auto *place = static_cast<Region *>(region.start);
  if (place)
    *place = region;
  Region *before = kept.exchange(place);
  return before ? *before : Region();
}

/// NULL if the system cannot do it.
void *resize(const Region &region, uint64_t bytes) {
  void *moved = ::mremap(region.start, region.bytes, bytes, MREMAP_MAYMOVE);
  return moved == MAP_FAILED ? nullptr : moved;
}

} // namespace

uint64_t moelora::systemPageBytes() {
  static const auto bytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

void *moelora::allocateCpuMemory(uint64_t bytes) {
  uint64_t size = roundedBytes(bytes, systemPageBytes());
  if (size >= largeBytes) {
    Region region = swapKept({});
    void *found = region.start ? resize(region, size) : nullptr;
    if (found)
      return found;
    unmap(region);
  }
  void *mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED)
    throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
  ::madvise(mapped, size, MADV_HUGEPAGE); // optional: a failure has no effect
#endif
  return mapped;
}

void moelora::releaseCpuMemory(void *memory, uint64_t bytes) {
  Region region = {memory, roundedBytes(bytes, systemPageBytes())};
  if (memory && region.bytes >= largeBytes)
    region = swapKept(region);
  unmap(region);
}
