/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The fences of a slot table: events of its device, used again and again. Which
 * stream a fence was recorded on is not remembered: handles are no identities.
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

  /// A fence that is not used yet, so that what comes next cannot fail for want
  /// of one. To be recorded or dropped.
  Fence take();
  /// Makes sure that so many are there to be taken without a failure.
  void reserve(size_t count);
  /// Passes when the stream is past what is on it now. Where the device does
  /// not record it, somebody has to say by `decide` whether it has passed.
  moelora_status record(Fence fence, moelora_stream *stream,
                        moelora_error **error = nullptr) noexcept;
  void decide(Fence fence, bool passed) noexcept;
  /// For other streams to wait for; NULL: it was not recorded.
  moelora_event *event(Fence fence) const;

  FenceState state(Fence fence) override;
  void drop(Fence fence) override;

private:
  struct Entry {
    Event event;
    bool recorded;
    FenceState decided; ///< where it was not recorded
  };
  Entry &at(Fence fence) { return entries[fence - 1]; }

  const moelora_device &device;
  std::vector<Entry> entries;
  std::vector<Fence> unused;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_SLOTFENCES_H
