// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memory of the fake device. The host can access it only while the device
// works.
#ifndef MOELORA_TEST_DEVICE_FAKEMEMORY_H
#define MOELORA_TEST_DEVICE_FAKEMEMORY_H

#include <cstdint>
#include <cstring>
#include <map>
#include <sys/mman.h>

namespace moelora::test {

class FakeMemory {
public:
  FakeMemory()
      : start(static_cast<char *>(
            mmap(nullptr, capacity, PROT_NONE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))) {}

  /// The first gap that is large enough; NULL: there is none.
  char *allocate(uint64_t bytes) {
    uint64_t size = (bytes + unit - 1) / unit * unit, offset = 0;
    for (const auto &[begin, block] : blocks) {
      if (begin - offset >= size)
        break;
      offset = begin + block.size;
    }
    if (size < bytes || capacity - offset < size)
      return nullptr;
    blocks[offset] = {size, true};
    return start + offset;
  }
  bool release(char *memory) {
    poison(memory);
    return blocks.erase(static_cast<uint64_t>(memory - start));
  }
  /// Fills a block with NaN, as any of the element types reads it.
  void poison(char *memory) {
    auto block = blocks.find(static_cast<uint64_t>(memory - start));
    if (block == blocks.end())
      return;
    Access access(*this);
    std::memset(memory, 0xff, block->second.size);
  }
  /// Whether it is in the range of this memory.
  bool has(const void *pointer) const {
    return static_cast<uint64_t>(static_cast<const char *>(pointer) - start) <
           capacity;
  }

  /// A block may be known before the device can use it.
  void setReady(char *memory, bool ready) {
    blocks.at(static_cast<uint64_t>(memory - start)).ready = ready;
  }
  /// Whether all of it is memory of the host, or of one block that is ready.
  bool mayUse(const void *memory, uint64_t bytes) const {
    auto at = static_cast<uint64_t>(static_cast<const char *>(memory) - start);
    if (at >= capacity)
      return true;
    auto next = blocks.upper_bound(at);
    if (next == blocks.begin())
      return false;
    const auto &[begin, block] = *std::prev(next);
    return block.ready && at + bytes <= begin + block.size;
  }

  /// The memory can be read and written during the lifetime of this object.
  class Access {
  public:
    explicit Access(FakeMemory &memory) : memory(memory) {
      if (memory.users++ == 0)
        mprotect(memory.start, memory.end(), PROT_READ | PROT_WRITE);
    }
    ~Access() {
      if (--memory.users == 0)
        mprotect(memory.start, memory.end(), PROT_NONE);
    }

  private:
    FakeMemory &memory;
  };

private:
  static constexpr uint64_t unit = 512, capacity = uint64_t(1) << 30;

  /// The end of the last block.
  uint64_t end() const {
    if (blocks.empty())
      return 0;
    const auto &[begin, last] = *blocks.rbegin();
    return begin + last.size;
  }

  struct Block {
    uint64_t size;
    bool ready;
  };

  char *start;
  int users = 0;
  std::map<uint64_t, Block> blocks; // by offset
};

} // namespace moelora::test

#endif // MOELORA_TEST_DEVICE_FAKEMEMORY_H
