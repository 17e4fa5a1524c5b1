/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Checks and counts of accesses to memory, and fences.
 */
#include "Accesses.h"

#include "Block.h"
#include "Calls.h"

#include <cstring>

using namespace moelora;
using namespace moelora::emulator;

namespace {

bool isStore(uint32_t kind) {
  return kind & (MOELORA_EMULATOR_STORE | MOELORA_EMULATOR_ATOMIC);
}
bool isLoad(uint32_t kind) {
  return kind & (MOELORA_EMULATOR_LOAD | MOELORA_EMULATOR_ATOMIC);
}

/// An atomic operation releases what the last fence of the thread released. It
/// acquires what earlier operations on the address released, and the next fence
/// of the thread adds this to the clock of the thread.
void orderAtomic(Thread &thread, const Reach &reach) {
  auto &released = thread.block->released;
  auto key = reinterpret_cast<uintptr_t>(reach.address);
  auto found = released.find(key);
  auto join = [](const Clock &a, const Clock &b) {
    JoinedClock joined;
    joined.add(a);
    joined.add(b);
    return joined.take();
  };
  if (found != released.end())
    thread.acquired = join(found->second, thread.acquired);
  if (thread.released)
    released[key] = found == released.end()
                        ? thread.released
                        : join(found->second, thread.released);
}

void noteShared(Thread &thread, const Reach &reach, const Access &access) {
  Block &block = *thread.block;
  auto offset = static_cast<uint32_t>(reach.offset);
  auto bytes = static_cast<uint32_t>(access.bytes);
  if (access.kind & MOELORA_EMULATOR_LOAD)
    block.counts->unwrittenBytes += block.shadow.countUnwritten(offset, bytes);
  SharedUse use = access.kind & MOELORA_EMULATOR_ATOMIC ? SharedUse::Atomic
                  : isStore(access.kind)                ? SharedUse::Store
                                                        : SharedUse::Load;
  if (auto conflict = block.shadow.access(offset, bytes, use,
                                          block.accessor(thread, access.site)))
    block.fault(thread, access.site, shownConflict(block, *conflict));
  thread.warp->banks.access(thread.lane, thread.bankCursor, access.site, offset,
                            bytes);
}

/// Saves the bytes before the store, so that `settleStore` can compare them
/// with the bytes after it.
void doubt(Thread &thread, const Reach &reach, const Access &access) {
  DoubtfulStore &store = thread.doubtful;
  store.address = reach.address;
  store.bytes = std::min<uint64_t>(access.bytes, DoubtfulStore::mostBytes);
  store.site = access.site;
  std::memcpy(store.before, reach.address, store.bytes);
}

void noteGlobal(Thread &thread, const Reach &reach, const Access &access) {
  Block &block = *thread.block;
  GlobalShadow &shadow = *reach.allocation->shadow;
  if (isLoad(access.kind)) {
    shadow.touch(reach.offset, access.bytes, false);
    block.counts->unwrittenBytes +=
        shadow.countUnwritten(reach.offset, access.bytes);
  }
  if (!isStore(access.kind))
    return;
  shadow.touch(reach.offset, access.bytes, true);
  shadow.markWritten(reach.offset, access.bytes);
  if (access.kind & MOELORA_EMULATOR_ATOMIC)
    return;
  GlobalWriter writer = {static_cast<uint32_t>(block.launch->number),
                         static_cast<uint32_t>(block.number),
                         block.launch->atomics.load(std::memory_order_relaxed),
                         block.lastAtomic};
  if (shadow.write(reach.offset, access.bytes, writer))
    doubt(thread, reach, access);
}

void count(Counts &counts, const Access &access) {
  bool shared = access.kind & MOELORA_EMULATOR_SHARED;
  if (isLoad(access.kind))
    (shared ? counts.sharedLoadBytes : counts.loadBytes) += access.bytes;
  if (isStore(access.kind))
    (shared ? counts.sharedStoreBytes : counts.storeBytes) += access.bytes;
  counts.atomics += (access.kind & MOELORA_EMULATOR_ATOMIC) != 0;
}

/// Whether others run before an access. What a thread stores in global memory
/// can depend on what another block has stored since.
bool letsOthersRun(const Thread &thread, uint32_t kind) {
  constexpr uint32_t mostStores = 8; // on average
  Schedule &schedule = *thread.block->schedule;
  if (kind & MOELORA_EMULATOR_ATOMIC)
    return true;
  return isStore(kind) && !(kind & MOELORA_EMULATOR_SHARED) &&
         schedule.interrupts() && schedule.random().below(mostStores) == 0;
}

void *access(moelora_emulator_thread *caller, void *pointer, uint32_t bytes,
             uint32_t alignment, uint32_t kind, uint32_t site) {
  Thread &thread = threadOf(caller);
  if (letsOthersRun(thread, kind))
    thread.block->giveWay(thread);
  Access wanted = {bytes, alignment, kind, site};
  Reach found = reach(thread, pointer, wanted);
  noteAccess(thread, found, wanted);
  return found.address;
}

void *bounded(moelora_emulator_thread *caller, void *pointer, uint64_t bytes,
              uint32_t site) {
  Thread &thread = threadOf(caller);
  Reach found = reach(thread, pointer, {bytes, 1, 0, site});
  auto address = reinterpret_cast<uintptr_t>(found.address);
  uint32_t region =
      thread.block->regions.add({address, bytes, found.allocation});
  if (!region)
    thread.block->fault(thread, site,
                        "expects a block to have at most " +
                            std::to_string(mostRegions - 1) +
                            " regions, but this is one more");
  return pointerTo(address, region);
}

void *shared(moelora_emulator_thread *caller) {
  return threadOf(caller).block->sharedBegin();
}

uint64_t number(moelora_emulator_thread *caller, void *pointer) {
  const Block &block = *threadOf(caller).block;
  uintptr_t address = addressOf(pointer);
  uintptr_t offset = address - reinterpret_cast<uintptr_t>(block.sharedBegin());
  return offset <= block.launch->shape.shared_bytes ? offset : address;
}

void fence(moelora_emulator_thread *caller, uint32_t, uint32_t) {
  Thread &thread = threadOf(caller);
  Block &block = *thread.block;
  if (block.launch->options.checks) {
    JoinedClock joined;
    joined.add(thread.acquired);
    joined.add(thread.clock, thread.index, thread.stamp);
    thread.clock = thread.released = joined.take();
    thread.acquired = nullptr;
    thread.stamp = ++block.time;
  }
  block.giveWay(thread);
}

} // namespace

std::string emulator::shownConflict(const Block &block,
                                    const Conflict &conflict) {
  std::string offset = std::to_string(conflict.offset);
  if (conflict.kind == Conflict::CopyUnderWay)
    return "expects bytes that are there, but an asynchronous copy is still "
           "writing those at offset " +
           offset + " of shared memory";
  const Thread &other = block.threads[conflict.other.thread];
  return "expects accesses to shared memory to be ordered, but thread " +
         shownPosition(other.index, block.launch->shape.block) + " " +
         (conflict.otherStores ? "stores to" : "loads from") + " offset " +
         offset + " in " + block.siteName(conflict.other.site - 1) +
         " with no barrier in between";
}

void emulator::noteAccess(Thread &thread, const Reach &reach,
                          const Access &access) {
  settleStore(thread);
  Block &block = *thread.block;
  count(*block.counts, access);
  bool atomic = access.kind & MOELORA_EMULATOR_ATOMIC;
  if (atomic && reach.allocation)
    block.lastAtomic = ++block.launch->atomics;
  if (!block.launch->options.checks)
    return;
  if (atomic)
    orderAtomic(thread, reach);
  if (reach.allocation && reach.allocation->shadow)
    noteGlobal(thread, reach, access);
  else if (!reach.allocation)
    noteShared(thread, reach, access);
}

void emulator::settleStore(Thread &thread) {
  DoubtfulStore &store = thread.doubtful;
  if (!store.address)
    return;
  const char *address = std::exchange(store.address, nullptr);
  if (std::memcmp(address, store.before, store.bytes) != 0)
    thread.block->fault(
        thread, store.site,
        "expects blocks of a launch not to store different values to the same "
        "global memory, but another block has stored there");
}

void emulator::addAccessCalls(moelora_emulator_calls &calls) {
  calls.access = access;
  calls.bounded = bounded;
  calls.shared = shared;
  calls.number = number;
  calls.fence = fence;
}
