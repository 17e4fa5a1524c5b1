/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "slots/SlotFences.h"

using namespace moelora;

Fence SlotFences::take(moelora_stream *stream) {
  if (isDone(stream))
    return 0;
  if (unused.empty()) {
    unused.reserve(entries.size() + 1); // drop must not allocate
    entries.push_back({Event(device), false, false});
    unused.push_back(static_cast<Fence>(entries.size()));
  }
  Fence fence = unused.back();
  unused.pop_back();
  at(fence).used = true;
  return fence;
}

void SlotFences::mark(Fence fence, moelora_stream *stream) {
  if (fence == 0)
    return;
  if (device.event_record(device.context, stream, at(fence).event.get(),
                          nullptr) != MOELORA_OK &&
      device.stream_synchronize(device.context, stream, nullptr) != MOELORA_OK)
    at(fence).broken = true; // whatever it guards is kept for good
}

bool SlotFences::passed(Fence fence) {
  int32_t state = MOELORA_EVENT_PENDING;
  return !at(fence).broken &&
         device.event_state(device.context, at(fence).event.get(), &state,
                            nullptr) == MOELORA_OK &&
         state == MOELORA_EVENT_PASSED;
}

void SlotFences::drop(Fence fence) {
  if (fence == 0)
    return;
  at(fence).used = false;
  unused.push_back(fence);
}

bool SlotFences::anyPending() {
  for (size_t i = 0; i < entries.size(); ++i) {
    const Entry &entry = entries[i];
    if (entry.used && !entry.broken && !passed(static_cast<Fence>(i + 1)))
      return true;
  }
  return false;
}
