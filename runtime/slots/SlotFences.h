/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The fences of a slot table, which are reused events of its device. The stream
 * of a fence is not stored, because a handle does not identify a stream.
 */
#ifndef MOELORA_RUNTIME_SLOTFENCES_H
#define MOELORA_RUNTIME_SLOTFENCES_H

#include "device/Handles.h"
#include "slots/SlotState.h"

namespace moelora {

class SlotFences final : public Fences {
public:
  explicit SlotFences(const moelora_device &device) : device(device) {}
  SlotFences(const SlotFences &) = delete;

  /// Takes an unused fence, so that the next operations cannot fail for lack of
  /// one. The caller records or drops it.
  Fence take();
  /// Makes sure that this number of fences can be taken without a failure.
  void reserve(size_t count);
  /// Records a fence, which passes when the stream is past its present work. If
  /// the device does not record it, `decide` must be called to state whether it
  /// has passed.
  moelora_status record(Fence fence, moelora_stream *stream,
                        moelora_error **error = nullptr) noexcept;
  void decide(Fence fence, bool passed) noexcept;
  /// The event for which other streams can wait. NULL if it was not recorded.
  moelora_event *event(Fence fence) const;

  FenceState state(Fence fence) override;
  void drop(Fence fence) override;

private:
  struct Entry {
    Event event;
    bool recorded;
    FenceState decided; ///< if it was not recorded
  };
  Entry &at(Fence fence) { return entries[fence - 1]; }

  const moelora_device &device;
  std::vector<Entry> entries;
  std::vector<Fence> unused;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_SLOTFENCES_H
