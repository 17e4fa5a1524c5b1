/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What is known of each byte of an allocation: whether it was ever written,
 * which sectors a launch touched, and which block wrote it last. Workers of a
 * launch share it; what they update is atomic.
 */
#ifndef MOELORA_EMULATOR_GLOBALSHADOW_H
#define MOELORA_EMULATOR_GLOBALSHADOW_H

#include "Mapping.h"

#include <atomic>
#include <cstdint>

namespace moelora::emulator {

/// What DRAM and caches move.
constexpr uint64_t sectorBytes = 32;

/// Who writes: a block of a launch, and the time in atomic operations on global
/// memory that the launch has done. Blocks can hand data to one another by such
/// operations only, so writes with none of them in between are not ordered.
struct GlobalWriter {
  uint32_t launch, block;
  uint64_t now;        ///< of all blocks
  uint64_t lastAtomic; ///< of this block
};

class GlobalShadow {
public:
  explicit GlobalShadow(uint64_t bytes);

  void markWritten(uint64_t offset, uint64_t bytes);
  uint64_t countUnwritten(uint64_t offset, uint64_t bytes) const;

  void touch(uint64_t offset, uint64_t bytes, bool store);
  struct Sectors {
    uint64_t loaded, stored;
  };
  /// What was touched since the last call.
  Sectors takeSectors();

  /// Notes a write that is no atomic operation; whether another block of the
  /// launch wrote one of the bytes, with no order between the two.
  bool write(uint64_t offset, uint64_t bytes, const GlobalWriter &writer);

private:
  ZeroArray<uint8_t> written;        ///< a bit for each byte
  ZeroArray<uint8_t> loaded, stored; ///< a bit for each sector
  ZeroArray<uint64_t> writers;       ///< one for each 4 bytes
  std::atomic<bool> touched{false};
};

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_GLOBALSHADOW_H
