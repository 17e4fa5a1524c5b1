/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Memory of the device.
 */
#include "Memory.h"

#include "base/Failure.h"

#include <algorithm>
#include <cstring>

#include <unistd.h>

using namespace moelora;
using namespace moelora::emulator;

/// The size of the address range. Memory is taken from the system only for
/// allocations.
static constexpr uint64_t arenaBytes = uint64_t(1) << 36;
/// An allocation begins this many bytes after the start of a page, so that no
/// allocation has a greater alignment by chance.
static constexpr uint64_t alignment = 256;

/// The limit of the sum of all allocations, in bytes. They are filled, so the
/// system would end the process if they exceeded its memory.
static uint64_t mostBytes() {
  long count = ::sysconf(_SC_PHYS_PAGES), size = ::sysconf(_SC_PAGESIZE);
  return count > 0 && size > 0 ? uint64_t(count) * size / 4 * 3 : arenaBytes;
}

/// The length of the pages of an allocation, with the one that cannot be read.
static uint64_t rangeLength(uint64_t bytes) {
  uint64_t used = alignment + bytes;
  return (used + pageBytes - 1) / pageBytes * pageBytes + pageBytes;
}

Memory::Memory(bool checks, uint8_t fill)
    : checks(checks), fill(fill), limit(mostBytes()),
      arena(arenaBytes, Mapping::None), pages(arenaBytes / pageBytes) {
  ranges[0] = arenaBytes;
}

uint64_t Memory::offsetOf(const Allocation &allocation) const {
  return allocation.begin - alignment -
         reinterpret_cast<uintptr_t>(arena.begin());
}

uint64_t Memory::takeRange(uint64_t length) {
  auto fits = [&](const auto &range) {
    uint64_t end = range.first + range.second;
    uint64_t from = std::max(range.first, cursor);
    return end > from && end - from >= length;
  };
  // Search from the end of the last range taken, and then from the beginning.
  auto found = std::find_if(ranges.begin(), ranges.end(), fits);
  if (found == ranges.end()) {
    cursor = 0;
    found = std::find_if(ranges.begin(), ranges.end(), fits);
  }
  if (found == ranges.end())
    throw std::bad_alloc();
  auto [begin, whole] = *found;
  uint64_t offset = std::max(begin, cursor), end = begin + whole;
  ranges.erase(found);
  if (offset > begin)
    ranges[begin] = offset - begin;
  cursor = offset + length;
  if (end > cursor)
    ranges[cursor] = end - cursor;
  return offset;
}

void Memory::giveRange(uint64_t offset, uint64_t length) {
  auto next = ranges.lower_bound(offset);
  if (next != ranges.end() && offset + length == next->first) {
    length += next->second;
    next = ranges.erase(next);
  }
  if (next != ranges.begin()) {
    auto before = std::prev(next);
    if (before->first + before->second == offset) {
      before->second += length;
      return;
    }
  }
  ranges[offset] = length;
}

void Memory::index(const Allocation &allocation) {
  uint64_t first = offsetOf(allocation) / pageBytes;
  uint64_t count = rangeLength(allocation.bytes) / pageBytes;
  for (uint64_t page = first; page < first + count; ++page)
    __atomic_store_n(&pages[page], &allocation, __ATOMIC_RELEASE);
}

void *Memory::allocate(uint64_t bytes, Side side) {
  std::lock_guard<std::mutex> lock(mutex);
  if (bytes > limit || allocated > limit - bytes)
    throw std::bad_alloc();
  std::unique_ptr<GlobalShadow> shadow;
  if (checks && side == Device)
    shadow = std::make_unique<GlobalShadow>(bytes);
  uint64_t length = rangeLength(bytes), offset = takeRange(length);
  try {
    arena.protect(offset, length - pageBytes, Mapping::ReadWrite);
    char *memory = arena.begin() + offset + alignment;
    auto begin = reinterpret_cast<uintptr_t>(memory);
    Allocation &allocation = allocations.emplace_back(begin, bytes);
    allocation.shadow = std::move(shadow);
    live.insert(&allocation);
    index(allocation);
    allocated += bytes;
    return std::memset(memory, fill, bytes);
  } catch (const std::bad_alloc &) {
    giveRange(offset, length);
    throw;
  }
}

void Memory::release(void *memory) {
  if (!memory)
    return;
  auto address = reinterpret_cast<uintptr_t>(memory);
  std::lock_guard<std::mutex> lock(mutex);
  auto *allocation = const_cast<Allocation *>(find(address));
  if (!allocation || allocation->begin != address || allocation->released)
    fail("expects to release memory of the device, but it is not allocated");
  allocation->released = true;
  allocated -= allocation->bytes;
  live.erase(allocation);
  if (uses)
    leaving.push_back(allocation);
  else
    unmap(*allocation);
}

void Memory::unmap(Allocation &allocation) {
  uint64_t offset = offsetOf(allocation);
  uint64_t length = rangeLength(allocation.bytes);
  arena.protect(offset, length, Mapping::None);
  giveRange(offset, length);
  allocation.shadow.reset();
}

Memory::Use::Use(Memory &memory) : memory(memory) {
  std::lock_guard<std::mutex> lock(memory.mutex);
  ++memory.uses;
}

Memory::Use::~Use() {
  std::lock_guard<std::mutex> lock(memory.mutex);
  if (--memory.uses)
    return;
  for (Allocation *allocation : memory.leaving)
    memory.unmap(*allocation);
  memory.leaving.clear();
}

const Allocation *Memory::find(uintptr_t address) const {
  if (!arena.holds(address))
    return nullptr;
  uint64_t offset = address - reinterpret_cast<uintptr_t>(arena.begin());
  return __atomic_load_n(&pages[offset / pageBytes], __ATOMIC_ACQUIRE);
}

const Allocation *Memory::require(const void *memory, uint64_t bytes,
                                  const char *what) const {
  auto address = reinterpret_cast<uintptr_t>(memory);
  auto first = reinterpret_cast<uintptr_t>(arena.begin());
  // A range may also begin before the arena and reach into it.
  bool reaches = address < first && bytes > first - address;
  if (!bytes || (!arena.holds(address) && !reaches))
    return nullptr;
  const Allocation *found = find(address);
  if (!found || found->released || !found->holds(address, bytes))
    fail(std::string("expects a range that the device ") + what +
         " to lie in one allocation, but " +
         (!found ? "there is none at its beginning"
          : found->released
              ? "it has been released"
              : "its " + std::to_string(bytes) + " bytes go beyond one of " +
                    std::to_string(found->bytes)));
  return found;
}
