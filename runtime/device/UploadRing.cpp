/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "device/UploadRing.h"

#include <algorithm>
#include <cstring>

using namespace moelora;

/// Large enough that the copies between are the bus's and not the host's.
static constexpr uint64_t pieceBytes = 4 << 20;

void UploadRing::upload(DeviceMemory &to, const char *from, uint64_t bytes) {
  std::lock_guard<std::mutex> lock(mutex);
  lost.reserve(lost.size() + 1);
  for (Piece &piece : pieces)
    if (!piece.stream) {
      piece.memory = DeviceMemory(device, pieceBytes, DeviceMemory::OnHost);
      piece.stream = Stream(device);
    }
  try {
    copyPieces(to.data(), from, bytes);
  } catch (...) {
    if (!synchronize())
      lost.push_back(std::move(to));
    throw;
  }
}

void UploadRing::copyPieces(char *to, const char *from, uint64_t bytes) {
  size_t next = 0;
  for (uint64_t at = 0; at < bytes; at += pieceBytes) {
    Piece &piece = pieces[next++ % pieces.size()];
    uint64_t count = std::min(pieceBytes, bytes - at);
    call(device, &moelora_device::stream_synchronize, piece.stream.get());
    std::memcpy(piece.memory.data(), from + at, count);
    call(device, &moelora_device::copy, piece.stream.get(), to + at,
         piece.memory.data(), count);
  }
  for (const Piece &piece : pieces)
    call(device, &moelora_device::stream_synchronize, piece.stream.get());
}

/// Whether all that was asked for is done.
bool UploadRing::synchronize() noexcept {
  return std::all_of(pieces.begin(), pieces.end(), [&](const Piece &piece) {
    return device.stream_synchronize(device.context, piece.stream.get(),
                                     nullptr) == MOELORA_OK;
  });
}
