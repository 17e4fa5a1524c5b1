/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Memory of the device. Every allocation lies alone, between pages that cannot
 * be read, and keeps its size to the byte. Addresses of released memory are
 * used again as late as possible, so that its late users are found.
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
  std::unique_ptr<GlobalShadow> shadow; ///< none without checks, nor of hosts

  Allocation(uintptr_t begin, uint64_t bytes) : begin(begin), bytes(bytes) {}

  bool holds(uintptr_t address, uint64_t count) const {
    return address - begin <= bytes && count <= bytes - (address - begin);
  }
};

class Memory {
public:
  /// Allocations have a shadow if `checks`.
  explicit Memory(bool checks);

  enum Side { Device, Host }; ///< kernels reach memory of the host too

  /// Filled with 0xFF, at a multiple of 256. Throws std::bad_alloc.
  void *allocate(uint64_t bytes, Side side);
  /// NULL is fine. Fails where it is no allocation.
  void release(void *memory);

  /// While one lives, memory that is released can still be touched, by what has
  /// found it before.
  class Use {
  public:
    explicit Use(Memory &memory);
    ~Use();
    Use(const Use &) = delete;

  private:
    Memory &memory;
  };

  /// The allocation on whose pages the address lies, a released one too, or
  /// NULL. Any thread, without a lock.
  const Allocation *find(uintptr_t address) const;
  /// Fails where part of the range is of the device, but not all of it is of
  /// one allocation. `what` is "copies to". NULL for memory of the host.
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
  /// Where the pages of an allocation begin in the arena.
  uint64_t offsetOf(const Allocation &allocation) const;
  void index(const Allocation &allocation);

  const bool checks;
  const uint64_t limit; ///< bytes of all allocations
  Mapping arena;
  ZeroArray<const Allocation *> pages; ///< for each page of the arena
  mutable std::mutex mutex;            ///< of all below
  std::deque<Allocation> allocations;  ///< all that ever were
  std::set<Allocation *> live;
  std::deque<Allocation *> leaving; ///< released, and perhaps in use
  uint32_t uses = 0;
  std::map<uint64_t, uint64_t> ranges; ///< free ones, offset to length
  uint64_t cursor = 0;                 ///< where the last search ended
  uint64_t allocated = 0;
};

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_MEMORY_H
