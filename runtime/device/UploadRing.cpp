/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "device/UploadRing.h"

#include <algorithm>
#include <cstring>

using namespace moelora;

Upload::Upload(UploadRing &ring, DeviceMemory &to) : ring(ring), to(to) {
  std::lock_guard<std::mutex> lock(ring.mutex);
  for (UploadRing::Piece &piece : ring.pieces)
    if (!piece.stream) {
      piece.memory = DeviceMemory(ring.device, UploadRing::pieceBytes,
                                  DeviceMemory::OnHost);
      piece.stream = Stream(ring.device);
    }
  ring.lost.reserve(ring.lost.size() + ring.uploads + 1);
  ++ring.uploads;
}

Upload::~Upload() {
  std::lock_guard<std::mutex> lock(ring.mutex);
  if (!finished && !synchronize())
    ring.lost.push_back(std::move(to));
  --ring.uploads;
}

void Upload::copy(uint64_t offset, const char *from, uint64_t bytes) {
  std::lock_guard<std::mutex> lock(ring.mutex);
  const UploadRing::Piece &piece = ring.pieces[ring.next];
  call(ring.device, &moelora_device::stream_synchronize, piece.stream.get());
  std::memcpy(piece.memory.data(), from, bytes);
  call(ring.device, &moelora_device::copy, piece.stream.get(),
       to.data() + offset, piece.memory.data(), bytes);
  ring.next = (ring.next + 1) % ring.pieces.size();
}

void Upload::finish() {
  std::lock_guard<std::mutex> lock(ring.mutex);
  for (const UploadRing::Piece &piece : ring.pieces)
    call(ring.device, &moelora_device::stream_synchronize, piece.stream.get());
  finished = true;
}

/// Whether all copies are done.
bool Upload::synchronize() noexcept {
  return std::all_of(ring.pieces.begin(), ring.pieces.end(),
                     [&](const UploadRing::Piece &piece) {
                       return ring.device.stream_synchronize(
                                  ring.device.context, piece.stream.get(),
                                  nullptr) == MOELORA_OK;
                     });
}
