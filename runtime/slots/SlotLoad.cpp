/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Loads: assign, replace, and their first step, stage.
 */
#include "slots/SlotPublish.h"

#include "base/Sized.h"
#include "pages/ImageBuilder.h"

#include <memory>
#include <new>

using namespace moelora;

namespace {

/// Memory of the host, of undefined content.
class HostImage {
public:
  explicit HostImage(uint64_t bytes)
      : bytes(static_cast<char *>(::operator new(bytes, alignment))) {}
  ~HostImage() { ::operator delete(bytes, alignment); }
  HostImage(const HostImage &) = delete;
  char *data() const { return bytes; }

private:
  static constexpr std::align_val_t alignment{64};
  char *bytes;
};

moelora_slot_cost costOf(const moelora_slot_table &table,
                         const ImageBuilder &plan) {
  moelora_slot_cost cost = plan.cost();
  uint64_t unit = table.device.granularity;
  cost.bytes = (cost.bytes + unit - 1) / unit * unit;
  if (table.maxBytes && cost.bytes > table.maxBytes)
    fail("expects an adapter of at most max_bytes = " +
         std::to_string(table.maxBytes) + ", but it takes " +
         std::to_string(cost.bytes) + " bytes");
  return cost;
}

/// Builds the image in memory of the host, and copies finished parts to the
/// device while the rest is being read.
void writeThrough(UploadRing &ring, const ImageBuilder &plan, DeviceMemory &to,
                  const moelora_staging *staging) {
  HostImage image(plan.cost().bytes);
  Upload upload(ring, to);
  PartReader reader = {UploadRing::pieceBytes,
                       [&](uint64_t offset, uint64_t bytes) {
                         upload.copy(offset, image.data() + offset, bytes);
                       }};
  plan.write(image.data(), staging, &reader);
  upload.finish();
}

constexpr uint32_t leastStaging =
    MOELORA_SIZE_THROUGH(moelora_staging, context);

/// Reads and converts an adapter, and copies it to the device.
void stage(moelora_staged &staged, const moelora_adapter &adapter,
           const moelora_staging *given) {
  std::optional<moelora_staging> known;
  if (given)
    known = readSized(given, leastStaging, "how to stage");
  const moelora_staging *staging = known ? &*known : nullptr;
  uint64_t begin = monotonicTime();
  moelora_slot_table &table = staged.table;
  ImageBuilder plan(adapter, table.format);
  staged.cost = costOf(table, plan);
  staged.memory = DeviceMemory(table.device, staged.cost.bytes);
  if (table.device.host_visible)
    plan.write(staged.memory.data(), staging);
  else
    writeThrough(table.ring, plan, staged.memory, staging);
  staged.neutral = !hasEffect(adapter.files, adapter.binding);
  staged.nanoseconds = monotonicTime() - begin;
}

/// Counts the loads that fail, by status.
moelora_status noteFailure(moelora_slot_table *table, const char *name,
                           int32_t id, moelora_status status) {
  if (status == MOELORA_OK || !table)
    return status;
  SlotTableChange change(*table);
  moelora_slot_table_stats &stats = table->stats;
  ++(status == MOELORA_CANCELLED ? stats.cancelled_loads
     : status == MOELORA_FULL    ? stats.full
     : status == MOELORA_BUSY    ? stats.busy
     : status == MOELORA_STALE   ? stats.stale_calls
                                 : stats.failed_loads);
  moelora_slot_event event = eventOf(MOELORA_SLOT_FAILED, id);
  event.status = status;
  change.tell(event, name);
  return status;
}

} // namespace

moelora_status moelora_slot_table_estimate(const moelora_slot_table *table,
                                           const moelora_adapter *adapter,
                                           moelora_slot_cost *cost,
                                           moelora_error **error) {
  return guarded(error, [&] {
    expectThere(table, "a slot table");
    expectThere(adapter, "an adapter");
    expectThere(cost, "a place for the cost");
    *cost = costOf(*table, ImageBuilder(*adapter, table->format));
  });
}

moelora_status moelora_slot_table_assign(moelora_slot_table *table,
                                         const char *name,
                                         const moelora_adapter *adapter,
                                         const moelora_staging *staging,
                                         int32_t *id, moelora_error **error) {
  moelora_status status = guarded(error, [&] {
    expectThere(table, "a slot table");
    expectThere(adapter, "an adapter");
    expectThere(id, "a place for the id");
    moelora_staged staged(*table, name);
    stage(staged, *adapter, staging);
    *id = publish(staged, table->publishing.get(), [&] {
      table->expectNotHeld();
      return findTarget(staged);
    });
  });
  return noteFailure(table, name ? name : "", -1, status);
}

moelora_status moelora_slot_table_replace(moelora_slot_table *table, int32_t id,
                                          const moelora_adapter *adapter,
                                          const moelora_staging *staging,
                                          moelora_stream *stream,
                                          moelora_error **error) {
  std::string name;
  moelora_status status = guarded(error, [&] {
    expectThere(table, "a slot table");
    expectThere(adapter, "an adapter");
    moelora_staged staged(*table, id);
    name = staged.name;
    table->checkNotCapturing(stream);
    stage(staged, *adapter, staging);
    table->checkNotCapturing(stream); // staging takes a long time
    publish(staged, stream, [&] {
      table->expectNotHeld();
      return findTarget(staged);
    });
  });
  return noteFailure(table, name.c_str(), id, status);
}

moelora_status moelora_slot_table_stage(moelora_slot_table *table,
                                        const char *name, int32_t id,
                                        const moelora_adapter *adapter,
                                        const moelora_staging *staging,
                                        moelora_staged **staged,
                                        moelora_error **error) {
  std::string known;
  moelora_status status = guarded(error, [&] {
    expectThere(table, "a slot table");
    expectThere(adapter, "an adapter");
    expectThere(staged, "a place for what is staged");
    auto made = name ? std::make_unique<moelora_staged>(*table, name)
                     : std::make_unique<moelora_staged>(*table, id);
    if (!name)
      known = made->name;
    stage(*made, *adapter, staging);
    *staged = made.release();
  });
  return noteFailure(table, name ? name : known.c_str(), name ? -1 : id,
                     status);
}
