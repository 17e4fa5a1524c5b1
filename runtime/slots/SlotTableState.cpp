/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Code that the functions of a slot table share.
 */
#include "slots/SlotTableState.h"

#include "base/Word.h"

#include <ctime>
#include <thread>

using namespace moelora;

namespace {

const moelora_device &deviceOf(const moelora_slot_table_options &options) {
  const moelora_device *device =
      options.device ? options.device : moelora_device_cpu();
  moelora_error *error = nullptr;
  if (moelora_status status = moelora_device_check(device, &error))
    failWith(status, error);
  return *device;
}

uint64_t directoryBytes(int32_t slots) {
  return static_cast<uint64_t>(slots) * sizeof(uint64_t) +
         sizeof(moelora_run_stats);
}

Stream streamOf(const moelora_device &device) {
  return device.null_is_done ? Stream() : Stream(device);
}

} // namespace

moelora_slot_table::moelora_slot_table(
    const moelora_slot_table_options &options)
    : device(deviceOf(options)), format(options), maxBytes(options.max_bytes),
      indexBits(indexBitsOf(options.slots)),
      directory(device, directoryBytes(options.slots)), kernel(device),
      publishing(streamOf(device)), reading(streamOf(device)), ring(device),
      fences(device),
      core(options.slots, generationsOf(indexBits), !isDone(publishing.get())),
      tenants(static_cast<size_t>(options.slots)) {
  clearMemory(directory, device);
}

moelora_slot_table::~moelora_slot_table() {
  for (core.settle(fences); !core.stores().empty(); core.settle(fences))
    std::this_thread::yield();
}

int32_t moelora_slot_table::find(int32_t id) const {
  int32_t slot = slotOfId(id, indexBits);
  if (id < 0 || static_cast<size_t>(slot) >= tenants.size() ||
      core.at(slot).state != SlotState::Live || idOf(slot) != id)
    fail("expects the id of a present adapter, but " + std::to_string(id) +
             " is of none",
         MOELORA_STALE);
  return slot;
}

int32_t moelora_slot_table::idOf(int32_t slot) const {
  return makeId(core.at(slot).generation, slot, indexBits);
}

uint64_t moelora_slot_table::wordOf(uint32_t generation,
                                    BufferId buffer) const {
  char *data = buffer ? buffers.at(buffer).data() : nullptr;
  auto address = reinterpret_cast<uintptr_t>(data);
  if (!fitsWord(address))
    fail("expects memory at multiples of 256 below 2^48, but the device has it "
         "at " +
             std::to_string(address),
         MOELORA_UNSUPPORTED);
  return moelora::wordOf(generation, address);
}

uint64_t moelora_slot_table::wordOf(int32_t slot) const {
  const SlotState &state = core.at(slot);
  return wordOf(state.generation, state.enabled ? state.buffer : 0);
}

void moelora_slot_table::checkNotCapturing(moelora_stream *stream) const {
  int32_t state = MOELORA_CAPTURE_NONE;
  uint64_t id = 0;
  call(device, &moelora_device::capture, stream, &state, &id);
  if (state != MOELORA_CAPTURE_NONE)
    fail("expects a stream whose work is done, but this one is being captured "
         "into a graph");
}

void moelora_slot_table::checkIdle(int32_t slot) const {
  const std::string &name = tenants[static_cast<size_t>(slot)].name;
  if (core.at(slot).broken)
    fail("expects an adapter whose stores are done, but the device failed "
         "behind one of '" +
             name + "'",
         MOELORA_DEVICE_LOST);
  if (!core.idle(slot))
    fail("expects an idle adapter, but '" + name +
             "' is leased, or a step from before its release or a store of it "
             "is still on its way",
         MOELORA_BUSY);
}

void moelora_slot_table::expectNotHeld() const {
  if (!held.empty())
    fail("expects a slot table that is not being changed on all peer ranks, "
         "but this one is",
         MOELORA_BUSY);
}

bool moelora_slot_table::mustWait(int32_t slot, moelora_stream *stream) const {
  for (const Store &store : core.stores())
    if (store.slot == slot && (isDone(stream) || !fences.event(store.fence)))
      return true;
  return false;
}

Fence moelora_slot_table::storeOn(SlotTableChange &change,
                                  moelora_stream *stream, int32_t slot,
                                  uint64_t word) {
  if (core.at(slot).broken)
    fail("expects a slot whose stores are done, but the device failed behind "
         "one of slot " +
             std::to_string(slot),
         MOELORA_DEVICE_LOST);
  core.prepare();
  if (mustWait(slot, stream))
    fail("expects stores of slot " + std::to_string(slot) +
             " to be done, but one is still on its way",
         MOELORA_BUSY);
  for (const Store &store : core.stores())
    if (store.slot == slot)
      call(device, &moelora_device::stream_wait, stream,
           fences.event(store.fence));
  Fence fence = isDone(stream) ? 0 : fences.take();
  try {
    call(device, &moelora_device::store, stream, words() + slot, word);
  } catch (...) {
    if (fence)
      fences.drop(fence);
    throw;
  }
  if (fence && fences.record(fence, stream) != MOELORA_OK)
    change.await(fence, stream);
  return fence;
}

Fence moelora_slot_table::clear(SlotTableChange &change, int32_t slot,
                                uint32_t nextGeneration,
                                moelora_stream *stream) {
  uint32_t last = core.generations() - 1;
  return storeOn(change, stream, slot,
                 wordOf(std::min(nextGeneration, last), 0));
}

void moelora_slot_table::restore(SlotTableChange &change, int32_t slot,
                                 Fence cleared) noexcept {
  const SlotState &state = core.at(slot);
  core.enable(slot, state.enabled, cleared);
  try {
    Fence fence = storeOn(change, publishing.get(), slot, wordOf(slot));
    core.enable(slot, state.enabled, fence);
  } catch (...) {
    // The device has failed: tokens with these ids are base until the next
    // change.
  }
}

void moelora_slot_table::end(SlotTableChange &change, int32_t slot,
                             uint32_t nextGeneration, Fence cleared,
                             moelora_slot_event_kind kind) noexcept {
  forget(change, slot, kind);
  core.evict(slot, nextGeneration, cleared);
}

moelora_slot_event moelora_slot_table::eventOf(moelora_slot_event_kind kind,
                                               int32_t slot) const {
  moelora_slot_event event = moelora::eventOf(kind, idOf(slot));
  event.version = core.at(slot).version;
  event.bytes = tenants[static_cast<size_t>(slot)].cost.bytes;
  return event;
}

void moelora_slot_table::forget(SlotTableChange &change, int32_t slot,
                                moelora_slot_event_kind kind) noexcept {
  Tenant &tenant = tenants[static_cast<size_t>(slot)];
  change.tell(eventOf(kind, slot), tenant.name.c_str());
  subtractCost(stats.held, tenant.cost);
  slotOf.erase(slotOf.find(tenant.name));
  tenant = {};
  ++(kind == MOELORA_SLOT_EVICTED ? stats.evictions : stats.removals);
}

DeviceMemory moelora_slot_table::takeFree() noexcept {
  std::lock_guard<std::mutex> lock(mutex);
  BufferId buffer = core.takeFree();
  return buffer ? buffers.remove(buffer) : DeviceMemory();
}

SlotTableChange::SlotTableChange(moelora_slot_table &table)
    : table(table), lock(table.mutex) {
  table.core.settle(table.fences);
}

SlotTableChange::~SlotTableChange() {
  auto *observer = table.observer;
  void *context = table.observerContext;
  lock.unlock();
  while (table.takeFree())
    ;
  const moelora_device &device = table.device;
  for (const Awaited &each : awaited) {
    bool passed = device.stream_synchronize(device.context, each.stream,
                                            nullptr) == MOELORA_OK;
    std::lock_guard<std::mutex> again(table.mutex);
    table.fences.decide(each.fence, passed);
  }
  for (Notice &notice : notices) {
    notice.event.name = notice.name.c_str();
    if (observer)
      observer(context, &notice.event);
  }
}

void SlotTableChange::await(Fence fence, moelora_stream *stream) noexcept {
  try {
    awaited.push_back({fence, stream});
  } catch (const std::bad_alloc &) {
    table.fences.decide(fence, false); // the memory that it guards is kept
  }
}

void SlotTableChange::tell(moelora_slot_event event,
                           const char *name) noexcept {
  if (!table.observer)
    return;
  try {
    notices.push_back({event, name});
  } catch (const std::bad_alloc &) {
    // The change is made. If there is no memory, the observer is not called.
  }
}

moelora_slot_event moelora::eventOf(moelora_slot_event_kind kind, int32_t id) {
  moelora_slot_event event = {};
  event.size = sizeof event;
  event.kind = kind;
  event.id = id;
  return event;
}

void moelora::countAnswer(moelora_slot_table &table, moelora_status status) {
  if (status != MOELORA_BUSY && status != MOELORA_STALE &&
      status != MOELORA_FULL)
    return;
  std::lock_guard<std::mutex> lock(table.mutex);
  ++(status == MOELORA_BUSY    ? table.stats.busy
     : status == MOELORA_STALE ? table.stats.stale_calls
                               : table.stats.full);
}

void moelora::clearMemory(const DeviceMemory &memory,
                          const moelora_device &device) {
  std::vector<char> zeros(memory.size());
  // The stream is destroyed before the memory that it reads, even if waiting
  // fails.
  Stream clearing = streamOf(device);
  call(device, &moelora_device::copy, clearing.get(), memory.data(),
       zeros.data(), zeros.size());
  call(device, &moelora_device::stream_synchronize, clearing.get());
}

void moelora::addCost(moelora_slot_cost &to, const moelora_slot_cost &cost) {
  to.bytes += cost.bytes;
  to.index_bytes += cost.index_bytes;
  to.page_bytes += cost.page_bytes;
  to.exact_bytes += cost.exact_bytes;
  to.read_bytes += cost.read_bytes;
  to.pages += cost.pages;
}

void moelora::subtractCost(moelora_slot_cost &from,
                           const moelora_slot_cost &cost) {
  from.bytes -= cost.bytes;
  from.index_bytes -= cost.index_bytes;
  from.page_bytes -= cost.page_bytes;
  from.exact_bytes -= cost.exact_bytes;
  from.read_bytes -= cost.read_bytes;
  from.pages -= cost.pages;
}

uint64_t moelora::monotonicTime() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000u +
         static_cast<uint64_t>(now.tv_nsec);
}
