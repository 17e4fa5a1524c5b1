/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Copies to memory that the host cannot access, through two pinned buffers,
 * whatever the size of the copy. One buffer is filled while the other is
 * copied, and the thread that filled a buffer continues with other work.
 */
#ifndef MOELORA_DEVICE_UPLOADRING_H
#define MOELORA_DEVICE_UPLOADRING_H

#include "device/Handles.h"

#include <array>
#include <mutex>
#include <vector>

namespace moelora {

class UploadRing {
public:
  /// Large enough that the time to start a copy is negligible.
  static constexpr uint64_t pieceBytes = 4 << 20;

  /// The first upload allocates the memory.
  explicit UploadRing(const moelora_device &device) : device(device) {}

private:
  friend class Upload;

  /// Each buffer has its own stream, which determines when its copy is done.
  struct Piece {
    DeviceMemory memory;
    Stream stream;
  };

  const moelora_device &device;
  std::mutex mutex;               // guards what follows
  std::vector<DeviceMemory> lost; ///< to which a copy may still write
  size_t uploads = 0;             ///< in progress; `lost` has capacity for each
  size_t next = 0;                ///< the buffer that is filled next
  std::array<Piece, 2> pieces;    // destroyed first: their streams wait
};

/// Copies an image to memory of the device. Several threads may call it, and
/// several uploads may share a ring. After its destruction no copy writes to
/// `to`. If this is not certain because the device failed, the ring keeps the
/// memory of `to`.
class Upload {
public:
  Upload(UploadRing &ring, DeviceMemory &to);
  ~Upload();
  Upload(const Upload &) = delete;

  /// Copies at most UploadRing::pieceBytes. On return `from` may change; the
  /// copy to the device may still be under way.
  void copy(uint64_t offset, const char *from, uint64_t bytes);
  /// Waits until all copies are done.
  void finish();

private:
  bool synchronize() noexcept;

  UploadRing &ring;
  DeviceMemory &to;
  bool finished = false;
};

} // namespace moelora

#endif // MOELORA_DEVICE_UPLOADRING_H
