// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The arena is mapped twice where the host is kept out: the test looks through
// the second mapping.

#include "TestMemory.h"

#include "TestGuard.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

using namespace moelora::test;

namespace {

constexpr int everything = PROT_READ | PROT_WRITE;
constexpr int poisonByte = 0xff;
constexpr uint64_t pageBytes = 4096, usualUnit = 256;

char *map(int file, uint64_t bytes, int protection) {
  void *mapped =
      ::mmap(nullptr, bytes, protection, MAP_SHARED | MAP_NORESERVE, file, 0);
  if (mapped == MAP_FAILED)
    std::abort();
  return static_cast<char *>(mapped);
}

} // namespace

TestMemory::TestMemory(uint64_t bytes, bool hidden, TestFreed freed,
                       size_t mostKept)
    : capacity((bytes + pageBytes - 1) / pageBytes * pageBytes),
      unit(freed == TestFreed::Guarded ? pageBytes : usualUnit), hidden(hidden),
      freed(freed), mostKept(freed == TestFreed::Reused ? 0 : mostKept) {
  int file = ::memfd_create("moelora-test-device", 0);
  if (file < 0 || ::ftruncate(file, static_cast<off_t>(capacity)) != 0)
    std::abort();
  start = map(file, capacity, hidden ? PROT_NONE : everything);
  bool twice = hidden || freed == TestFreed::Guarded;
  alias = twice ? map(file, capacity, everything) : start;
  ::close(file);
  if (freed == TestFreed::Guarded)
    guard(*this);
}

TestMemory::~TestMemory() {
  unguard(*this);
  ::munmap(start, capacity);
  if (alias != start)
    ::munmap(alias, capacity);
}

void *TestMemory::allocate(uint64_t bytes) {
  uint64_t size = (std::max<uint64_t>(bytes, 1) + unit - 1) / unit * unit;
  if (size < bytes)
    return nullptr;
  std::unique_lock<std::shared_mutex> lock(mutex);
  // The first gap that is large enough.
  uint64_t offset = 0;
  auto next = blocks.begin();
  for (; next != blocks.end() && next->offset - offset < size; ++next)
    offset = next->offset + next->size;
  if (capacity - offset < size)
    return nullptr;
  Block block = {offset, size, 0, true};
  blocks.insert(next, block);
  used = std::max(used, offset + size);
  ++liveBlocks;
  poison(block);
  return start + offset;
}

bool TestMemory::release(void *memory) {
  std::unique_lock<std::shared_mutex> lock(mutex);
  auto *found = const_cast<Block *>(find(offsetOf(memory)));
  if (!found || found->offset != offsetOf(memory) || !found->live)
    return false;
  found->kept = std::min<uint64_t>(front, found->size);
  found->live = false;
  --liveBlocks;
  poison(*found);
  if (freed == TestFreed::Guarded)
    protect(*found, PROT_NONE);
  keptOffsets.push_back(found->offset);
  if (keptOffsets.size() <= mostKept)
    return true;
  forget(keptOffsets.front());
  keptOffsets.pop_front();
  return true;
}

/// Makes freed memory available for other allocations.
void TestMemory::forget(uint64_t offset) {
  const Block *block = find(offset);
  if (freed == TestFreed::Guarded && !hidden)
    protect(*block, everything);
  blocks.erase(blocks.begin() + (block - blocks.data()));
}

void TestMemory::reset() {
  std::unique_lock<std::shared_mutex> lock(mutex);
  std::memset(alias, poisonByte, used);
  blocks.clear();
  keptOffsets.clear();
  liveBlocks = 0;
  touched = false;
  used = 0;
  if (freed == TestFreed::Guarded && !hidden)
    ::mprotect(start, capacity, everything);
}

const TestMemory::Block *TestMemory::find(uint64_t offset) const {
  auto next = std::upper_bound(
      blocks.begin(), blocks.end(), offset,
      [](uint64_t at, const Block &block) { return at < block.offset; });
  if (next == blocks.begin())
    return nullptr;
  const Block &block = *std::prev(next);
  return offset - block.offset < block.size ? &block : nullptr;
}

const char *TestMemory::objection(const void *memory, uint64_t bytes) const {
  if (!contains(memory))
    return nullptr;
  std::shared_lock<std::shared_mutex> lock(mutex);
  const Block *block = find(offsetOf(memory));
  if (!block || !block->live)
    return "memory that is not allocated";
  bool inside = bytes <= block->offset + block->size - offsetOf(memory);
  return inside ? nullptr : "more than an allocation";
}

bool TestMemory::freedIsIntact() const {
  std::shared_lock<std::shared_mutex> lock(mutex);
  return std::all_of(blocks.begin(), blocks.end(), [&](const Block &block) {
    const char *first = seen(block) + block.kept;
    const char *last = seen(block) + block.size;
    return block.live || std::all_of(first, last, [](char byte) {
             return byte == char(poisonByte);
           });
  });
}

void TestMemory::poison(const Block &block) const {
  std::memset(alias + block.offset + block.kept, poisonByte,
              block.size - block.kept);
}

void TestMemory::protect(const Block &block, int protection) const {
  ::mprotect(start + block.offset, block.size, protection);
}

void TestMemory::protect(int protection) {
  std::shared_lock<std::shared_mutex> lock(mutex);
  if (freed != TestFreed::Guarded)
    ::mprotect(start, (used + pageBytes - 1) / pageBytes * pageBytes,
               protection);
  else
    for (const Block &block : blocks)
      protect(block, block.live ? protection : PROT_NONE);
}
