/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The way to memory that the host does not see: two pieces of memory that
 * copies best, whatever the size of what is copied. While one is copied, the
 * other is filled, and whoever filled it goes on with other work.
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
  /// Large enough that the time of a copy is that of the transfer, and not that
  /// of starting it.
  static constexpr uint64_t pieceBytes = 4 << 20;

  /// Its memory is got by the first upload.
  explicit UploadRing(const moelora_device &device) : device(device) {}

private:
  friend class Upload;

  /// A stream of its own tells when its copy is done.
  struct Piece {
    DeviceMemory memory;
    Stream stream;
  };

  const moelora_device &device;
  std::mutex mutex;               // guards what follows
  std::vector<DeviceMemory> lost; ///< that a copy may still write to
  size_t uploads = 0;             ///< under way; `lost` has room for each
  size_t next = 0;                ///< the piece that is filled next
  std::array<Piece, 2> pieces;    // end first: their streams wait
};

/// Copies an image to memory of the device. Several threads may call it, and
/// several uploads may share a ring. After its destruction no copy writes to
/// `to`; if a failed device cannot say so, the ring keeps the memory of `to`.
class Upload {
public:
  Upload(UploadRing &ring, DeviceMemory &to);
  ~Upload();
  Upload(const Upload &) = delete;

  /// Copies at most UploadRing::pieceBytes. On return `from` may change; the
  /// copy to the device may still be under way.
  void copy(uint64_t offset, const char *from, uint64_t bytes);
  /// Returns when everything is there.
  void finish();

private:
  bool synchronize() noexcept;

  UploadRing &ring;
  DeviceMemory &to;
  bool finished = false;
};

} // namespace moelora

#endif // MOELORA_DEVICE_UPLOADRING_H
