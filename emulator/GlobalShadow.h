/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Shadow memory of an allocation: for each byte, whether it was ever written;
 * for each sector, whether a launch loaded or stored it; for each 4 bytes, the
 * thread block that wrote them last. Workers of a launch may call at the same
 * time, because all updates are atomic. Offsets and sizes are in bytes.
 */
#ifndef MOELORA_EMULATOR_GLOBALSHADOW_H
#define MOELORA_EMULATOR_GLOBALSHADOW_H

#include "Mapping.h"

#include <atomic>
#include <cstdint>

namespace moelora::emulator {

/// The unit in which DRAM and caches transfer data.
constexpr uint64_t sectorBytes = 32;

/// A thread block that writes, and the time of the write. Time is counted in
/// atomic operations of the launch on global memory. Thread blocks can be
/// ordered by such operations only, so two writes are not ordered if the block
/// of the later one has done no atomic operation since the earlier one.
struct GlobalWriter {
  uint32_t launch, block;
  uint64_t now;        ///< atomic operations of all blocks until now
  uint64_t lastAtomic; ///< the time of the last one of this block
};

class GlobalShadow {
public:
  explicit GlobalShadow(uint64_t bytes);

  void markWritten(uint64_t offset, uint64_t bytes);
  uint64_t countUnwritten(uint64_t offset, uint64_t bytes) const;

  /// Marks the sectors of an access as loaded or stored.
  void touch(uint64_t offset, uint64_t bytes, bool store);
  struct Sectors {
    uint64_t loaded, stored;
  };
  /// The numbers of sectors that were loaded and stored since the last call.
  Sectors takeSectors();

  /// Records a write that is no atomic operation. Returns whether another
  /// thread block of the launch wrote one of the bytes and is not ordered with
  /// `writer`.
  bool write(uint64_t offset, uint64_t bytes, const GlobalWriter &writer);

private:
  ZeroArray<uint8_t> written;        ///< one bit for each byte
  ZeroArray<uint8_t> loaded, stored; ///< one bit for each sector
  ZeroArray<uint64_t> writers;       ///< one word for each 4 bytes
  std::atomic<bool> touched{false};
};

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_GLOBALSHADOW_H
