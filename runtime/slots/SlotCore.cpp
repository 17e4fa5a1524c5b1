/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "slots/SlotCore.h"

#include <algorithm>
#include <utility>

using namespace moelora;

namespace {

/// The pin of a lease: slot, generation, and the number of the lease.
struct Pin {
  static constexpr int slotBits = 16, generationBits = 24;
  static constexpr uint64_t low(uint64_t value, int bits) {
    return value & ((uint64_t(1) << bits) - 1);
  }

  uint64_t slot, generation, number;

  explicit Pin(uint64_t pin)
      : slot(low(pin, slotBits)),
        generation(low(pin >> slotBits, generationBits)),
        number(pin >> (slotBits + generationBits)) {}
  static uint64_t make(int32_t slot, uint32_t generation, uint32_t number) {
    return uint64_t(number) << (slotBits + generationBits) |
           uint64_t(generation) << slotBits | static_cast<uint64_t>(slot);
  }
};
constexpr uint32_t pinNumbers = 1u
                                << (64 - Pin::slotBits - Pin::generationBits);

constexpr uint32_t recentLeases = 64;

/// The number of leases that were given after this one.
uint32_t ageOf(const Leases &leases, const Pin &pin) {
  return (leases.given - 1 - static_cast<uint32_t>(pin.number)) % pinNumbers;
}

int32_t count(uint64_t bits) { return __builtin_popcountll(bits); }

/// Reserves space for one more element, in large steps.
template <typename T> void makeRoom(std::vector<T> &items, size_t more) {
  if (items.capacity() - items.size() < more)
    items.reserve(std::max(items.size() + more, 2 * items.capacity()));
}

} // namespace

SlotCore::SlotCore(int32_t slots, uint32_t generations, bool ordersStores)
    : all(static_cast<size_t>(slots)), generationCount(generations),
      ordersStores(ordersStores) {}

std::optional<int32_t> SlotCore::reserve() noexcept {
  for (size_t i = 0; i < all.size(); ++i)
    if (all[i].state == SlotState::Free && !all[i].broken) {
      all[i].state = SlotState::Reserved;
      return static_cast<int32_t>(i);
    }
  return std::nullopt;
}

void SlotCore::reserve(int32_t slot) noexcept {
  slotAt(slot).state = SlotState::Reserved;
}

void SlotCore::abandon(int32_t slot) noexcept {
  slotAt(slot).state = SlotState::Free;
}

/// Whether the device is past all steps that had entered by then.
bool SlotCore::past(uint64_t then) const noexcept {
  return open.empty() || open.front().serial > then;
}

bool SlotCore::storing(int32_t slot) const noexcept {
  return std::any_of(onTheirWay.begin(), onTheirWay.end(),
                     [&](const Store &store) { return store.slot == slot; });
}

bool SlotCore::idle(int32_t index) const {
  const SlotState &slot = at(index);
  return slot.state == SlotState::Live && !slot.broken &&
         slot.leases.out == 0 && past(slot.released) &&
         (ordersStores || !storing(index));
}

std::optional<int32_t>
SlotCore::victim(Need need, const std::vector<int32_t> &besides) const {
  auto mayGo = [&](int32_t slot) {
    return std::count(besides.begin(), besides.end(), slot) == 0 &&
           (need == ForMemory || at(slot).generation + 1 < generationCount) &&
           idle(slot);
  };
  std::optional<int32_t> oldest;
  for (int32_t i = 0; i < static_cast<int32_t>(all.size()); ++i)
    if (mayGo(i) && (!oldest || at(i).used < at(*oldest).used))
      oldest = i;
  return oldest;
}

void SlotCore::prepare(size_t changes) {
  makeRoom(onTheirWay, changes);
  makeRoom(retired, onTheirWay.size() + changes); // each may become one
}

void SlotCore::leaves(BufferId buffer) noexcept {
  if (buffer)
    retired.push_back({buffer, enters});
}

void SlotCore::store(int32_t slot, Fence fence, BufferId buffer) noexcept {
  if (fence)
    onTheirWay.push_back({slot, fence, buffer});
  else
    leaves(buffer);
}

void SlotCore::publish(int32_t index, uint32_t generation, BufferId buffer,
                       Fence fence) noexcept {
  SlotState &slot = slotAt(index);
  slot.state = SlotState::Live;
  slot.enabled = true;
  slot.generation = generation;
  slot.version = 0;
  slot.used = ++clock;
  slot.leases = {};
  store(index, fence, std::exchange(slot.buffer, buffer));
}

void SlotCore::replace(int32_t index, BufferId buffer, Fence fence) noexcept {
  SlotState &slot = slotAt(index);
  ++slot.version;
  store(index, fence, std::exchange(slot.buffer, buffer));
}

void SlotCore::enable(int32_t index, bool enabled, Fence fence) noexcept {
  slotAt(index).enabled = enabled;
  store(index, fence, 0);
}

void SlotCore::evict(int32_t index, uint32_t generation, Fence fence) noexcept {
  SlotState &slot = slotAt(index);
  slot.state =
      generation < generationCount ? SlotState::Free : SlotState::Closed;
  slot.generation = std::min(generation, generationCount - 1);
  store(index, fence, std::exchange(slot.buffer, 0));
}

uint64_t SlotCore::acquire(int32_t index) noexcept {
  SlotState &slot = slotAt(index);
  Leases &leases = slot.leases;
  slot.used = ++clock;
  uint32_t number = leases.given;
  leases.given = (leases.given + 1) % pinNumbers;
  leases.recent = leases.recent << 1 | 1;
  ++leases.out;
  return Pin::make(index, slot.generation, number);
}

bool SlotCore::leased(uint64_t value) const noexcept {
  Pin pin(value);
  if (pin.slot >= all.size())
    return false;
  const SlotState &slot = all[pin.slot];
  const Leases &leases = slot.leases;
  if (slot.state != SlotState::Live || slot.generation != pin.generation)
    return false;
  uint32_t age = ageOf(leases, pin);
  return age < recentLeases ? leases.recent >> age & 1
                            : leases.out > count(leases.recent);
}

void SlotCore::release(uint64_t value) noexcept {
  Pin pin(value);
  SlotState &slot = all[pin.slot];
  uint32_t age = ageOf(slot.leases, pin);
  if (age < recentLeases)
    slot.leases.recent &= ~(uint64_t(1) << age);
  --slot.leases.out;
  slot.used = ++clock;
  slot.released = enters;
}

uint64_t SlotCore::enter() {
  makeRoom(open, 1);
  open.push_back({enters + 1});
  return ++enters;
}

void SlotCore::leave(uint64_t serial, Fence left) noexcept {
  auto found =
      std::find_if(open.begin(), open.end(),
                   [&](const OpenStep &step) { return step.serial == serial; });
  found->state = OpenStep::Leaving;
  found->left = left;
  if (!left)
    open.erase(found);
}

const OpenStep *SlotCore::step(uint64_t serial) const noexcept {
  for (const OpenStep &step : open)
    if (step.serial == serial)
      return &step;
  return nullptr;
}

/// Whether the store is finished.
bool SlotCore::settle(const Store &store, Fences &fences) noexcept {
  FenceState state = fences.state(store.fence);
  if (state == FenceState::Pending)
    return false;
  fences.drop(store.fence);
  SlotState &slot = slotAt(store.slot);
  if (state == FenceState::Failed) {
    slot.broken = true;
    ++brokenFences;
  }
  if (!slot.broken)
    leaves(store.leaves);
  return true;
}

/// Whether the step is past.
bool SlotCore::settle(OpenStep &step, Fences &fences) noexcept {
  if (step.state != OpenStep::Leaving)
    return false;
  FenceState state = fences.state(step.left);
  if (state == FenceState::Pending)
    return false;
  fences.drop(step.left);
  if (state == FenceState::Passed)
    return true;
  step.state = OpenStep::Broken;
  ++brokenFences;
  return false;
}

void SlotCore::settle(Fences &fences) noexcept {
  onTheirWay.erase(
      std::remove_if(onTheirWay.begin(), onTheirWay.end(),
                     [&](const Store &store) { return settle(store, fences); }),
      onTheirWay.end());
  open.erase(
      std::remove_if(open.begin(), open.end(),
                     [&](OpenStep &step) { return settle(step, fences); }),
      open.end());
}

BufferId SlotCore::takeFree() noexcept {
  if (retired.empty() || !past(retired.front().enters))
    return 0;
  BufferId buffer = retired.front().buffer;
  retired.erase(retired.begin());
  return buffer;
}
