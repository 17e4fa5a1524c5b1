/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What is known of each byte of a block's shared memory: whether it was
 * written, whether an asynchronous copy is still writing it, and who accessed
 * it last. Two accesses of different threads to the same byte, one of them a
 * store and not both of them atomic, must be ordered; where they are not, it is
 * a race, in whichever order they happened to run.
 *
 * Kept for cells of 4 bytes: the last store, and loads since then, of which
 * three are remembered. Accesses of part of a cell are kept for each byte.
 */
#ifndef MOELORA_EMULATOR_SHAREDSHADOW_H
#define MOELORA_EMULATOR_SHAREDSHADOW_H

#include "Clock.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace moelora::emulator {

/// An access, as long as it is remembered.
struct Record {
  static constexpr uint32_t mostSites = 1 << 20;

  uint32_t thread : 10;
  uint32_t atomic : 1;
  uint32_t site : 21; ///< plus 1, or 0 where it is too large
  Stamp stamp;        ///< 0: there is none
};

/// Who accesses.
struct Accessor {
  uint32_t thread;
  Stamp stamp;
  const std::vector<Stamp> &knows;
  uint32_t site;
};

enum class SharedUse { Load, Store, Atomic };

/// Why an access is a fault.
struct Conflict {
  enum Kind { Race, CopyUnderWay } kind;
  uint32_t offset; ///< of the cell
  Record other;    ///< of a race
  bool otherStores;
};

class SharedShadow {
public:
  /// Everything as before the first access.
  void reset(uint32_t bytes);

  std::optional<Conflict> access(uint32_t offset, uint32_t bytes, SharedUse use,
                                 const Accessor &by);
  /// The bytes of an access that nobody has written.
  uint32_t countUnwritten(uint32_t offset, uint32_t bytes) const;

  /// The cells that an asynchronous copy writes, from its issue to the wait of
  /// its thread, which counts as the store.
  std::optional<Conflict> beginCopy(uint32_t offset, uint32_t bytes,
                                    const Accessor &by);
  void endCopy(uint32_t offset, uint32_t bytes, const Accessor &by);

private:
  struct Cell {
    static constexpr int mostLoads = 3;
    Record store, loads[mostLoads];
  };
  enum State : uint8_t { Written = 0xF, Copying = 0x10, Split = 0x20 };

  static std::optional<Conflict> conflict(const Cell &cell, SharedUse use,
                                          const Accessor &by);
  static void note(Cell &cell, SharedUse use, const Accessor &by);
  std::optional<Conflict> accessWhole(uint32_t index, SharedUse use,
                                      const Accessor &by);
  std::optional<Conflict> accessPart(uint32_t index, uint32_t from, uint32_t to,
                                     SharedUse use, const Accessor &by);
  void split(uint32_t index);

  std::vector<Cell> cells;
  std::vector<Cell> parts; ///< of the bytes of cells that are split
  std::vector<uint8_t> states;
};

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_SHAREDSHADOW_H
