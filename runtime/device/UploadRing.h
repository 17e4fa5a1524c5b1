/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The way to memory that the host does not see: two pieces of memory that
 * copies best, whatever the size of an adapter. While one is copied, the other
 * is filled.
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
  /// Its memory is got by the first upload.
  explicit UploadRing(const moelora_device &device) : device(device) {}

  /// Done on return. Uploads of several threads come one after the other. On a
  /// failure nobody writes to `to` any more, or it has been taken.
  void upload(DeviceMemory &to, const char *from, uint64_t bytes);

private:
  /// A stream of its own tells when its copy is done.
  struct Piece {
    DeviceMemory memory;
    Stream stream;
  };
  void copyPieces(char *to, const char *from, uint64_t bytes);
  bool synchronize() noexcept;

  const moelora_device &device;
  std::mutex mutex;               // guards what follows
  std::vector<DeviceMemory> lost; ///< that a copy may still write to
  std::array<Piece, 2> pieces;    // end first: their streams wait
};

} // namespace moelora

#endif // MOELORA_DEVICE_UPLOADRING_H
