/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Memory of the device. No two allocations share a page, and a page that cannot
 * be read follows each of them. The size of an allocation is exact to the byte.
 * Addresses of released memory are used again as late as possible, so that
 * accesses after the release are found.
 */
#ifndef MOELORA_EMULATOR_MEMORY_H
#define MOELORA_EMULATOR_MEMORY_H

#include "GlobalShadow.h"
#include "Mapping.h"

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>

namespace moelora::emulator {

struct Allocation {
  uintptr_t begin = 0;
  uint64_t bytes = 0;
  std::atomic<bool> released{false};
  std::unique_ptr<GlobalShadow>
      shadow; ///< NULL without checks, and for host memory

  Allocation(uintptr_t begin, uint64_t bytes) : begin(begin), bytes(bytes) {}

  bool holds(uintptr_t address, uint64_t count) const {
    return address - begin <= bytes && count <= bytes - (address - begin);
  }
};

/// Any thread may call.
class Memory {
public:
  /// With `checks`, allocations of the device have shadow memory. New memory
  /// is filled with `fill`.
  Memory(bool checks, uint8_t fill);

  enum Side { Device, Host }; ///< kernels reach both

  /// Allocates memory at a multiple of 256 bytes. The caller releases it.
  /// Throws std::bad_alloc.
  void *allocate(uint64_t bytes, Side side);
  /// Releases an allocation. `memory` may be NULL. Fails if it is not the
  /// beginning of an allocation.
  void release(void *memory);

  /// While an object of this class exists, memory that is released stays
  /// mapped, so that code that has found it before can still touch it.
  class Use {
  public:
    explicit Use(Memory &memory);
    ~Use();
    Use(const Use &) = delete;

  private:
    Memory &memory;
  };

  /// The allocation that the page of the address belongs to, which may be a
  /// released one, or NULL. It takes no lock.
  const Allocation *find(uintptr_t address) const;
  /// Fails if a part of the range is memory of the device, but the range does
  /// not lie in one allocation that is not released. `what` completes the
  /// message, for example "copies to". Returns the allocation, or NULL if the
  /// range is empty or outside the device.
  const Allocation *require(const void *memory, uint64_t bytes,
                            const char *what) const;

  /// Calls `visit(shadow)` for each allocation that has one.
  template <typename Visit> void eachShadow(Visit visit) {
    std::lock_guard<std::mutex> lock(mutex);
    for (Allocation *allocation : live)
      if (allocation->shadow)
        visit(*allocation->shadow);
  }

private:
  void unmap(Allocation &allocation);
  uint64_t takeRange(uint64_t length);
  void giveRange(uint64_t offset, uint64_t length);
  /// The offset of the first page of an allocation in the arena.
  uint64_t offsetOf(const Allocation &allocation) const;
  void index(const Allocation &allocation);

  const bool checks;
  const uint8_t fill;
  const uint64_t limit; ///< of the sum of all allocations, in bytes
  Mapping arena;
  ZeroArray<const Allocation *> pages; ///< of each page of the arena
  mutable std::mutex mutex;            ///< protects the members below
  std::deque<Allocation> allocations;  ///< all, also released ones
  std::set<Allocation *> live;
  std::deque<Allocation *> leaving; ///< released, but still mapped
  uint32_t uses = 0;
  std::map<uint64_t, uint64_t> ranges; ///< free: offset to length
  uint64_t cursor = 0;                 ///< the end of the last range taken
  uint64_t allocated = 0;
};

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_MEMORY_H
