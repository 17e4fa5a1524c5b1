/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "Canonical.h"

#include <algorithm>
#include <numeric>

using namespace moelora;
using namespace moelora::test;

namespace {

/// Ids of the past that a slot has at least are told apart up to this number.
constexpr uint32_t pastIds = 2;

/// Numbers by first occurrence, from 1 on; 0 stays 0.
class Names {
public:
  size_t of(uint32_t what) {
    if (!what)
      return 0;
    auto found = std::find(seen.begin(), seen.end(), what);
    if (found == seen.end())
      found = seen.insert(seen.end(), what);
    return static_cast<size_t>(found - seen.begin()) + 1;
  }
  size_t count() const { return seen.size(); }

private:
  std::vector<uint32_t> seen;
};

class Writer {
public:
  /// `order`: the world's streams as this text numbers them.
  Writer(const World &world, std::vector<int32_t> order)
      : world(world), order(std::move(order)) {}

  std::string write() {
    for (int32_t slot = 0; slot < world.bounds->slots; ++slot)
      writeSlot(slot);
    for (int32_t stream : order)
      writeStream(world.streams[index(stream)]);
    writeLeases();
    put(static_cast<size_t>(std::count_if(
        world.loads.begin(), world.loads.end(), [](const Load &load) {
          return load.state == Load::Loading && load.slot < 0;
        })));
    writeRest();
    return std::move(text);
  }

private:
  void put(size_t value) { text.push_back(static_cast<char>(value)); }

  void putMark(const Mark &mark) {
    auto name = reinterpret_cast<uintptr_t>(mark.stream);
    auto place =
        std::find(order.begin(), order.end(), static_cast<int32_t>(name) - 1);
    put(fences.of(mark.fence));
    put(static_cast<size_t>(place - order.begin()));
  }

  void writeSlot(int32_t number) {
    const SlotState &slot = world.at(number);
    const Entry &entry = world.entries[index(number)];
    bool live = slot.state == SlotState::Live;
    put(slot.state);
    put(live && slot.enabled);
    put(std::min(slot.generation, pastIds));
    put(blocks.of(slot.block));
    put(live ? rank(slot) : 0);
    put(slot.spare.has_value());
    put(slot.generation - entry.generation);
    put(entry.block && entry.enabled);
    put(blocks.of(entry.block));
    put(slot.changes.size());
    for (const Change &change : slot.changes) {
      putMark(change.store);
      put(blocks.of(change.leaves));
    }
    put(slot.epochs.size());
    for (const Epoch &epoch : slot.epochs)
      writeEpoch(epoch);
  }

  void writeEpoch(const Epoch &epoch) {
    put(index(epoch.leases));
    put(blocks.of(epoch.left));
    put(epoch.marks.size());
    for (const Mark &mark : epoch.marks)
      putMark(mark);
  }

  /// How many present adapters were used before this one.
  size_t rank(const SlotState &slot) const {
    size_t earlier = 0;
    for (const SlotState &other : world.core.slots())
      earlier += other.state == SlotState::Live && other.used < slot.used;
    return earlier;
  }

  void writeStream(const std::vector<Item> &items) {
    put(items.size());
    for (const Item &item : items) {
      put(item.kind);
      put(index(item.slot));
      put(item.flag);
      put(item.changes);
      put(blocks.of(item.block));
      put(fences.of(item.fence));
      put(isOut(item.lease) ? leases.of(item.lease) : 0);
    }
  }

  bool isOut(uint32_t lease) const {
    return std::any_of(
        world.leases.begin(), world.leases.end(),
        [&](const Lease &other) { return other.number == lease; });
  }

  /// In the order of what they are, not of when they were taken.
  void writeLeases() {
    std::vector<std::string> all;
    for (const Lease &lease : world.leases) {
      const std::vector<Epoch> &epochs = world.at(lease.slot).epochs;
      uint64_t serial = lease.pin >> MOELORA_SLOT_INDEX_BITS;
      auto of =
          std::find_if(epochs.begin(), epochs.end(), [&](const Epoch &epoch) {
            return epoch.serial == serial;
          });
      size_t known = leases.count();
      size_t name = leases.of(lease.number);
      all.push_back({static_cast<char>(name > known ? 0 : name),
                     static_cast<char>(lease.slot),
                     static_cast<char>(of - epochs.begin())});
    }
    std::sort(all.begin(), all.end());
    put(all.size());
    for (const std::string &lease : all)
      text += lease;
  }

  /// What nothing above has named, if there is any.
  void writeRest() {
    size_t alive = 0;
    for (int32_t tenant : world.tenantOf)
      alive += tenant >= 0;
    put(alive - blocks.count());
    put(world.fences.size() - fences.count());
  }

  const World &world;
  const std::vector<int32_t> order;
  std::string text;
  Names blocks, fences, leases;
};

} // namespace

std::string moelora::test::canonical(const World &world) {
  std::vector<int32_t> order(index(world.bounds->streams));
  std::iota(order.begin(), order.end(), 0);
  std::string least = Writer(world, order).write();
  while (std::next_permutation(order.begin(), order.end()))
    least = std::min(least, Writer(world, order).write());
  return least;
}
