/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The fences of a slot table: events of its device, used again and again.
 */
#ifndef MOELORA_RUNTIME_SLOTFENCES_H
#define MOELORA_RUNTIME_SLOTFENCES_H

#include "device/Handles.h"
#include "slots/SlotCore.h"

namespace moelora {

class SlotFences final : public Fences {
public:
  explicit SlotFences(const moelora_device &device) : device(device) {}
  SlotFences(const SlotFences &) = delete;

  /// A fence that is not used yet, so that what comes next cannot fail for want
  /// of one. To be marked or dropped.
  Fence take(moelora_stream *stream);
  /// Passes when the stream is past what is on it now.
  void mark(Fence fence, moelora_stream *stream);

  bool passed(Fence fence) override;
  void drop(Fence fence) override;

  /// Whether any fence is still to pass; fences of broken streams never do, and
  /// are not counted.
  bool anyPending();

private:
  struct Entry {
    Event event;
    bool used, broken;
  };
  /// Work on it is done when it has been asked for: no event is needed.
  bool isDone(moelora_stream *stream) const {
    return !stream && device.null_is_done;
  }
  Entry &at(Fence fence) { return entries[fence - 1]; }

  const moelora_device &device;
  std::vector<Entry> entries;
  std::vector<Fence> unused;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_SLOTFENCES_H
