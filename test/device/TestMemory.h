// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memory of the test device: one arena, which can be inaccessible to the host.
// Unused memory is 0xff, which is NaN in every element type.
#ifndef MOELORA_TEST_DEVICE_TESTMEMORY_H
#define MOELORA_TEST_DEVICE_TESTMEMORY_H

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <shared_mutex>
#include <vector>

namespace moelora::test {

/// The treatment of freed memory.
enum class TestFreed {
  Reused,  // by the next allocation that fits
  Kept,    // never given out again; what writes to it is found
  Guarded, // kept, and out of reach: kernels that read it are found as well
};

class TestMemory {
public:
  /// Keeps the last `mostKept` freed allocations.
  TestMemory(uint64_t bytes, bool hidden, TestFreed freed, size_t mostKept);
  ~TestMemory();
  TestMemory(const TestMemory &) = delete;

  /// NULL: there is no memory.
  void *allocate(uint64_t bytes);
  /// False where it is no allocation.
  bool release(void *memory);
  /// The number of bytes at the beginning of an allocation that keep their
  /// content when it is freed.
  void keepFront(uint64_t bytes) { front = bytes; }
  /// Forgets all allocations.
  void reset();

  /// Why the device may not use these bytes; NULL: it may. What is not of the
  /// arena is none of its business.
  const char *objection(const void *memory, uint64_t bytes) const;
  bool contains(const void *memory) const {
    return offsetOf(memory) < capacity;
  }
  uint64_t offsetOf(const void *memory) const {
    return reinterpret_cast<uintptr_t>(memory) -
           reinterpret_cast<uintptr_t>(start);
  }
  /// The same bytes, where the test may always look.
  char *seen(const void *memory) const { return alias + offsetOf(memory); }

  /// Whether freed memory has been written.
  bool freedIsIntact() const;
  /// Whether a kernel has accessed guarded memory since the last call.
  bool takeTouch();
  /// Called in a signal handler: lets an access continue if the device accesses
  /// freed memory.
  bool forgive(const void *address);

  struct Block {
    uint64_t offset, size, kept; // the last: bytes at its front
    bool live;
  };
  const std::vector<Block> &allBlocks() const { return blocks; }
  const char *seen(const Block &block) const { return alias + block.offset; }
  long live() const { return liveBlocks; }
  /// How often it was opened for the device.
  long accesses() const { return opened; }

  /// The device works during the lifetime of this object.
  class Access {
  public:
    explicit Access(TestMemory &memory) : memory(memory) { memory.open(); }
    ~Access() { memory.close(); }
    Access(const Access &) = delete;

  private:
    TestMemory &memory;
  };

private:
  void open();
  void close();
  void protect(int protection);
  void protect(const Block &block, int protection) const;
  void poison(const Block &block) const;
  void forget(uint64_t offset);
  const Block *find(uint64_t offset) const;

  const uint64_t capacity, unit;
  const bool hidden;
  const TestFreed freed;
  const size_t mostKept;
  char *start, *alias;
  uint64_t used = 0; // of the arena, at most, since it was reset
  std::atomic<uint64_t> front{0};
  std::atomic<long> opened{0}, liveBlocks{0};
  std::atomic<bool> touched{false};
  std::mutex users;
  int userCount = 0;
  mutable std::shared_mutex mutex; // of the blocks, which are in order
  std::vector<Block> blocks;
  std::deque<uint64_t> keptOffsets; // in the order in which they came
};

} // namespace moelora::test

#endif // MOELORA_TEST_DEVICE_TESTMEMORY_H
