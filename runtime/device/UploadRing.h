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
  /// Large enough that the copies between are the bus's and not the host's.
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
  size_t uploads = 0;             ///< on their way; `lost` has room for theirs
  size_t next = 0;                ///< the piece that is filled next
  std::array<Piece, 2> pieces;    // end first: their streams wait
};

/// Copies to one piece of memory, of several threads; several uploads may use a
/// ring at a time. When it is destroyed, nobody writes to `to` any more, or,
/// where a device that failed cannot tell, `to` was taken and is kept.
class Upload {
public:
  Upload(UploadRing &ring, DeviceMemory &to);
  ~Upload();
  Upload(const Upload &) = delete;

  /// At most UploadRing::pieceBytes. `from` is read on return; the copy may be
  /// under way still.
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
