/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A slot table with an adapter, on the test device.
 */
#ifndef MOELORA_TEST_RUNTIME_SLOTDEVICE_H
#define MOELORA_TEST_RUNTIME_SLOTDEVICE_H

#include "Tables.h"
#include "TestDevice.h"
#include "slots/SlotPublish.h"

namespace moelora::test {

inline moelora_slot_table_options optionsOn(const moelora_device *device,
                                            int slots = 2) {
  moelora_slot_table_options options = tableOptions(slots);
  options.device = device;
  return options;
}

inline TestDeviceOptions visibleDevice() {
  TestDeviceOptions options;
  options.hostVisible = true;
  options.arenaBytes = 16 << 20;
  return options;
}

struct SlotDevice {
  Folder folder, otherFolder;
  Opened adapter = packedAdapter(folder, 2),
         other = packedAdapter(otherFolder, 17);
  TestDevice device{visibleDevice()};
  moelora_stream *stream = nullptr;
  std::unique_ptr<Table> table;
  int32_t id = -1; ///< of "a"

  SlotDevice() {
    const moelora_device &functions = *device.get();
    EXPECT_EQ(functions.stream_create(functions.context, &stream, nullptr),
              MOELORA_OK);
    table = std::make_unique<Table>(optionsOn(&functions));
    EXPECT_EQ(table->assign("a", adapter, id), MOELORA_OK) << table->text;
    drain();
  }
  ~SlotDevice() {
    device.faults.heal();
    drain();
  }

  void drain() { device.drain(); }
  /// The device fails after the last unfinished store.
  void failLastStore() {
    moelora_slot_table &t = *table->table;
    device.failEvent(t.fences.event(t.core.stores().back().fence));
  }
  void failLastLeave() {
    moelora_slot_table &t = *table->table;
    device.failEvent(t.fences.event(t.core.openSteps().back().left));
  }
  moelora_staged *stage(const char *name) {
    moelora_staged *staged = nullptr;
    EXPECT_EQ(table->call(moelora_slot_table_stage, name, -1, adapter.get(),
                          nullptr, &staged),
              MOELORA_OK)
        << table->text;
    return staged;
  }
  moelora_status publishAt(moelora_staged *staged, int32_t slot,
                           uint32_t generation, int32_t *to = nullptr) {
    int32_t unused = -1;
    return table->call(moelora_slot_table_publish_at, staged, slot, generation,
                       stream, to ? to : &unused);
  }
};

/// A device of which one handle means one stream now, and another one later, as
/// that of a stream per thread. There is one of them at a time.
class ShiftingStream {
public:
  explicit ShiftingStream(const TestDevice &test)
      : device(*test.get()), inner(*test.get()) {
    active = this;
    for (moelora_stream *&each : streams)
      EXPECT_EQ(inner.stream_create(inner.context, &each, nullptr), MOELORA_OK);
    device.store = shifted<&moelora_device::store>;
    device.stream_wait = shifted<&moelora_device::stream_wait>;
    device.event_record = shifted<&moelora_device::event_record>;
    device.capture = shifted<&moelora_device::capture>;
  }

  /// The handle of both streams.
  moelora_stream *handle() {
    return reinterpret_cast<moelora_stream *>(&current);
  }
  void shift() { current = 1 - current; }
  moelora_stream *stream() const { return streams[current]; }

  moelora_device device;

private:
  template <auto Member, typename... Arguments>
  static moelora_status shifted(void *context, moelora_stream *on,
                                Arguments... arguments) {
    bool own = on == active->handle();
    return (active->inner.*Member)(context, own ? active->stream() : on,
                                   arguments...);
  }

  static inline ShiftingStream *active = nullptr;
  const moelora_device &inner;
  moelora_stream *streams[2] = {};
  size_t current = 0;
};

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_SLOTDEVICE_H
