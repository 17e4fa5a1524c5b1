/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What the functions of a slot table have in common.
 */
#include "slots/SlotTableState.h"

#include "base/Failure.h"

#include <ctime>
#include <thread>

using namespace moelora;

namespace {

constexpr int addressBits = 48;

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
         sizeof(moelora_id_counters);
}

uint64_t entryOf(uint32_t generation, const void *address) {
  uint64_t low = reinterpret_cast<uintptr_t>(address);
  if (low >> addressBits)
    fail("expects memory below 2^48, but the device has it elsewhere",
         MOELORA_UNSUPPORTED);
  return uint64_t(generation) << addressBits | low;
}

} // namespace

moelora_slot_table::moelora_slot_table(
    const moelora_slot_table_options &options)
    : device(deviceOf(options)), format(options), maxBytes(options.max_bytes),
      directory(device, directoryBytes(options.slots)),
      publishing(device.null_is_done ? Stream() : Stream(device)),
      fences(device), core(options.slots, 1u << MOELORA_SLOT_GENERATION_BITS),
      tenants(static_cast<size_t>(options.slots)) {
  std::vector<uint64_t> zeros(directoryBytes(options.slots) / sizeof(uint64_t));
  // A stream that ends before what it reads, should waiting fail.
  Stream clearing = device.null_is_done ? Stream() : Stream(device);
  call(device, &moelora_device::copy, clearing.get(), directory.data(),
       zeros.data(), zeros.size() * sizeof(uint64_t));
  call(device, &moelora_device::stream_synchronize, clearing.get());
}

moelora_slot_table::~moelora_slot_table() {
  while (fences.anyPending())
    std::this_thread::yield();
}

int32_t moelora_slot_table::find(int32_t id) {
  std::optional<int32_t> slot = core.find(id);
  if (!slot)
    fail("expects the id of a present adapter, but " + std::to_string(id) +
             " is of none",
         MOELORA_STALE);
  return *slot;
}

void moelora_slot_table::storeNow(int32_t slot, uint32_t generation,
                                  BlockId block) {
  uint64_t entry =
      entryOf(generation, block ? blocks.at(block).data() : nullptr);
  call(device, &moelora_device::store, publishing.get(), entries() + slot,
       entry);
  waitForStores();
}

void moelora_slot_table::restore(int32_t slot) noexcept {
  const SlotState &state = core.slots()[static_cast<size_t>(slot)];
  try {
    storeNow(slot, state.generation, state.enabled ? state.block : 0);
  } catch (...) {
    // The device fails: the ids serve base until the next change.
  }
}

void moelora_slot_table::waitForStores() {
  // What a store replaces may be freed next. Where waiting fails, the end of
  // the stream waits, and stream NULL serves from then on.
  if (device.stream_synchronize(device.context, publishing.get(), nullptr) !=
      MOELORA_OK)
    publishing = moelora::Stream();
}

void moelora_slot_table::prepareChange(int32_t slot, moelora_stream *stream) {
  if (!core.mayChange(slot, stream, fences))
    fail(
        "expects changes of an adapter on one stream, but an earlier one of '" +
            tenants[static_cast<size_t>(slot)].name +
            "' is still on its way on another",
        MOELORA_BUSY);
  core.prepare(slot);
}

Mark moelora_slot_table::storeOn(moelora_stream *stream, int32_t slot,
                                 BlockId block) {
  uint32_t generation = core.slots()[static_cast<size_t>(slot)].generation;
  uint64_t entry =
      entryOf(generation, block ? blocks.at(block).data() : nullptr);
  Fence fence = fences.take(stream);
  try {
    call(device, &moelora_device::store, stream, entries() + slot, entry);
  } catch (...) {
    fences.drop(fence);
    throw;
  }
  fences.mark(fence, stream);
  return {fence, stream};
}

void moelora_slot_table::retire(int32_t slot, SlotTableChange &change,
                                moelora_slot_event_kind kind) {
  Tenant &tenant = tenants[static_cast<size_t>(slot)];
  int32_t version = core.slots()[static_cast<size_t>(slot)].version;
  change.tell({kind, core.idOf(slot), version, MOELORA_OK, nullptr,
               tenant.cost.bytes, 0, 0},
              tenant.name);
  change.giveBack(blocks.remove(core.evict(slot)));
  subtractCost(stats.held, tenant.cost);
  slotOf.erase(slotOf.find(tenant.name));
  tenant = {};
  --live;
  ++(kind == MOELORA_SLOT_EVICTED ? stats.evictions : stats.removals);
}

void moelora_slot_table::drainAll(SlotTableChange &change) {
  if (blocks.count() == live)
    return; // nothing is retired, however many slots there are
  for (int32_t slot = 0; slot < static_cast<int32_t>(tenants.size()); ++slot)
    while (BlockId block = core.drain(slot, fences))
      change.giveBack(blocks.remove(block));
}

SlotTableChange::SlotTableChange(moelora_slot_table &table)
    : table(table), lock(table.mutex) {}

SlotTableChange::~SlotTableChange() {
  auto *observer = table.observer;
  void *context = table.observerContext;
  lock.unlock();
  trash.clear();
  for (Notice &notice : notices) {
    notice.event.name = notice.name.c_str();
    if (observer)
      observer(context, &notice.event);
  }
}

void SlotTableChange::giveBack(DeviceMemory memory) noexcept {
  try {
    trash.push_back(std::move(memory));
  } catch (const std::bad_alloc &) {
    // Then it is given back here, under the lock.
  }
}

void SlotTableChange::tell(moelora_slot_event event,
                           const std::string &name) noexcept {
  if (!table.observer)
    return;
  try {
    notices.push_back({event, name});
  } catch (const std::bad_alloc &) {
    // The change is made; without memory nobody hears of it.
  }
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
