/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "slots/SlotFences.h"

using namespace moelora;

void SlotFences::reserve(size_t count) {
  while (unused.size() < count) {
    unused.reserve(entries.size() + 1); // drop must not allocate
    entries.push_back({Event(device), false, FenceState::Pending});
    unused.push_back(static_cast<Fence>(entries.size()));
  }
}

Fence SlotFences::take() {
  reserve(1);
  Fence fence = unused.back();
  unused.pop_back();
  at(fence).recorded = false;
  at(fence).decided = FenceState::Pending;
  return fence;
}

moelora_status SlotFences::record(Fence fence, moelora_stream *stream,
                                  moelora_error **error) noexcept {
  Entry &entry = at(fence);
  moelora_status status =
      device.event_record(device.context, stream, entry.event.get(), error);
  entry.recorded = status == MOELORA_OK;
  return status;
}

void SlotFences::decide(Fence fence, bool passed) noexcept {
  at(fence).decided = passed ? FenceState::Passed : FenceState::Failed;
}

moelora_event *SlotFences::event(Fence fence) const {
  const Entry &entry = entries[fence - 1];
  return entry.recorded ? entry.event.get() : nullptr;
}

FenceState SlotFences::state(Fence fence) {
  const Entry &entry = at(fence);
  if (!entry.recorded)
    return entry.decided;
  int32_t state = MOELORA_EVENT_PENDING;
  moelora_status status =
      device.event_state(device.context, entry.event.get(), &state, nullptr);
  // An event whose state is not available now, as in a capture, is checked
  // again later.
  if (status == MOELORA_DEVICE_LOST || state == MOELORA_EVENT_FAILED)
    return FenceState::Failed;
  bool passed = status == MOELORA_OK && state == MOELORA_EVENT_PASSED;
  return passed ? FenceState::Passed : FenceState::Pending;
}

void SlotFences::drop(Fence fence) { unused.push_back(fence); }
