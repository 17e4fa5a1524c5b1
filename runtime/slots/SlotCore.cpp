/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "slots/SlotCore.h"

#include "moelora/runtime/Abi.h"

#include <algorithm>
#include <utility>

using namespace moelora;

namespace {

/// A pin: the slot in the low bits, the epoch's serial above.
constexpr int serialShift = MOELORA_SLOT_INDEX_BITS;
constexpr uint64_t slotMask = (uint64_t(1) << serialShift) - 1;

/// Streams that may release one adapter at a time before that allocates.
constexpr size_t expectedStreams = 8;

Epoch makeEpoch(SlotState &slot) {
  Epoch epoch;
  epoch.serial = ++slot.serials;
  epoch.marks.reserve(expectedStreams);
  return epoch;
}

bool passed(const Mark &mark, Fences &fences) {
  return mark.fence == 0 || fences.passed(mark.fence);
}

void drop(const Mark &mark, Fences &fences) {
  if (mark.fence)
    fences.drop(mark.fence);
}

/// Forgets the releases that their streams are past.
void forgetPassed(Epoch &epoch, Fences &fences) {
  auto gone = [&](const Mark &mark) {
    bool isPast = passed(mark, fences);
    if (isPast)
      drop(mark, fences);
    return isPast;
  };
  auto &marks = epoch.marks;
  marks.erase(std::remove_if(marks.begin(), marks.end(), gone), marks.end());
}

bool isDrained(Epoch &epoch, Fences &fences) {
  if (epoch.leases > 0)
    return false;
  forgetPassed(epoch, fences);
  return epoch.marks.empty();
}

} // namespace

SlotCore::SlotCore(int32_t slots, uint32_t generations)
    : all(static_cast<size_t>(slots)), generations(generations) {
  for (SlotState &slot : all)
    slot.epochs.push_back(makeEpoch(slot));
}

int32_t SlotCore::idOf(int32_t slot) const {
  uint32_t generation = all[static_cast<size_t>(slot)].generation;
  return static_cast<int32_t>(generation << MOELORA_SLOT_INDEX_BITS) | slot;
}

std::optional<int32_t> SlotCore::find(int32_t id) const {
  int32_t slot = id & ((1 << MOELORA_SLOT_INDEX_BITS) - 1);
  size_t index = static_cast<size_t>(slot);
  if (id < 0 || index >= all.size() || all[index].state != SlotState::Live ||
      idOf(slot) != id)
    return std::nullopt;
  return slot;
}

std::optional<int32_t> SlotCore::reserve() {
  for (size_t i = 0; i < all.size(); ++i)
    if (all[i].state == SlotState::Free) {
      all[i].state = SlotState::Reserved;
      return static_cast<int32_t>(i);
    }
  return std::nullopt;
}

void SlotCore::abandon(int32_t slot) { at(slot).state = SlotState::Free; }

void SlotCore::publish(int32_t index, BlockId block) {
  SlotState &slot = at(index);
  slot.state = SlotState::Live;
  slot.enabled = true;
  slot.version = 0;
  slot.block = block;
  slot.used = ++clock;
}

bool SlotCore::idle(int32_t index, Fences &fences) {
  SlotState &slot = at(index);
  if (slot.state != SlotState::Live)
    return false;
  settle(slot, fences);
  return slot.changes.empty() && slot.epochs.size() == 1 &&
         isDrained(slot.epochs.front(), fences);
}

std::optional<int32_t> SlotCore::victim(Fences &fences,
                                        const std::vector<bool> &mayGo) {
  std::optional<int32_t> oldest;
  for (int32_t i = 0; i < static_cast<int32_t>(all.size()); ++i)
    if (mayGo[static_cast<size_t>(i)] && idle(i, fences) &&
        (!oldest || at(i).used < at(*oldest).used))
      oldest = i;
  return oldest;
}

uint32_t SlotCore::nextGeneration(int32_t slot) const {
  return (all[static_cast<size_t>(slot)].generation + 1) % generations;
}

BlockId SlotCore::evict(int32_t index) noexcept {
  SlotState &slot = at(index);
  slot.state = SlotState::Free;
  slot.generation = nextGeneration(index);
  slot.epochs.front().serial = ++slot.serials; // old leases are of the past
  return std::exchange(slot.block, 0);
}

bool SlotCore::mayChange(int32_t index, StreamName stream, Fences &fences) {
  SlotState &slot = at(index);
  settle(slot, fences);
  return slot.changes.empty() || slot.changes.back().store.stream == stream;
}

void SlotCore::prepare(int32_t index) {
  SlotState &slot = at(index);
  size_t changes = slot.changes.size() + 1;
  slot.changes.reserve(changes);
  slot.epochs.reserve(slot.epochs.size() + changes); // settle adds one for each
  if (!slot.spare)
    slot.spare = makeEpoch(slot);
}

void SlotCore::replace(int32_t index, BlockId block, Mark store) noexcept {
  SlotState &slot = at(index);
  slot.changes.push_back({store, slot.block, std::move(*slot.spare)});
  slot.spare.reset();
  slot.block = block;
  ++slot.version;
}

void SlotCore::enable(int32_t index, bool enabled, Mark store) noexcept {
  SlotState &slot = at(index);
  slot.changes.push_back({store, 0, {}});
  slot.enabled = enabled;
}

uint64_t SlotCore::acquire(int32_t index, Fences &fences) {
  SlotState &slot = at(index);
  settle(slot, fences);
  slot.used = ++clock;
  ++slot.epochs.back().leases;
  return slot.epochs.back().serial << serialShift |
         static_cast<uint64_t>(index);
}

const Epoch *SlotCore::epochOf(uint64_t pin) const {
  uint64_t index = pin & slotMask, serial = pin >> serialShift;
  if (index >= all.size())
    return nullptr;
  for (const Epoch &epoch : all[index].epochs)
    if (epoch.serial == serial)
      return &epoch;
  return nullptr;
}

bool SlotCore::leased(uint64_t pin) const {
  const Epoch *epoch = epochOf(pin);
  return epoch && epoch->leases > 0;
}

void SlotCore::release(uint64_t pin, Mark mark, Fences &fences) {
  Epoch &epoch = const_cast<Epoch &>(*epochOf(pin));
  auto earlier = std::find_if(
      epoch.marks.begin(), epoch.marks.end(),
      [&](const Mark &other) { return other.stream == mark.stream; });
  if (mark.fence && earlier != epoch.marks.end())
    drop(std::exchange(*earlier, mark), fences);
  else if (mark.fence)
    epoch.marks.push_back(mark);
  --epoch.leases;
  all[pin & slotMask].used = ++clock;
}

/// Ends an epoch for each store that has been done and made a block leave.
void SlotCore::settle(SlotState &slot, Fences &fences) {
  size_t done = 0;
  for (Change &change : slot.changes) {
    if (!passed(change.store, fences))
      break;
    drop(change.store, fences);
    ++done;
    if (!change.leaves)
      continue;
    slot.epochs.back().left = change.leaves;
    slot.epochs.push_back(std::move(change.next));
  }
  slot.changes.erase(slot.changes.begin(),
                     slot.changes.begin() + static_cast<long>(done));
}

BlockId SlotCore::drain(int32_t index, Fences &fences) {
  SlotState &slot = at(index);
  settle(slot, fences);
  Epoch &oldest = slot.epochs.front();
  if (!oldest.left || !isDrained(oldest, fences))
    return 0;
  BlockId left = oldest.left;
  slot.epochs.erase(slot.epochs.begin());
  return left;
}
