/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Shadow memory of the shared memory of a thread block: for each byte, whether
 * it was written, whether an asynchronous copy is writing it, and which threads
 * accessed it last. Two accesses of different threads to the same byte, of
 * which one is a store and not both are atomic, must be ordered by their
 * clocks. If they are not, it is a race, whether or not they ran in the
 * intended order.
 *
 * The unit is a cell of 4 bytes. It has a record of the last store and of up to
 * three loads since then. Accesses to a part of a cell are recorded for each of
 * its bytes. Offsets and sizes are in bytes.
 */
#ifndef MOELORA_EMULATOR_SHAREDSHADOW_H
#define MOELORA_EMULATOR_SHAREDSHADOW_H

#include "Clock.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace moelora::emulator {

/// A past access.
struct Record {
  static constexpr uint32_t mostSites = 1 << 20;

  uint32_t thread : 10;
  uint32_t atomic : 1;
  uint32_t site : 21; ///< plus 1, or 0 if the site is too large
  Stamp stamp;        ///< 0 if there is no access
};

/// The thread that makes an access, and the place of the access.
struct Accessor {
  uint32_t thread;
  Stamp stamp;
  const std::vector<Stamp> &knows; ///< the clock of the thread
  uint32_t site;
};

enum class SharedUse { Load, Store, Atomic };

/// The reason why an access is a fault.
struct Conflict {
  enum Kind { Race, CopyUnderWay } kind;
  uint32_t offset;  ///< of the cell
  Record other;     ///< the earlier access of a race
  bool otherStores; ///< whether `other` is a store
};

class SharedShadow {
public:
  /// Sets the size and forgets all accesses.
  void reset(uint32_t bytes);

  /// Records an access. Returns the conflict with an earlier one, if there is
  /// any.
  std::optional<Conflict> access(uint32_t offset, uint32_t bytes, SharedUse use,
                                 const Accessor &by);
  /// The number of bytes of an access that were never written.
  uint32_t countUnwritten(uint32_t offset, uint32_t bytes) const;

  /// Begin and end an asynchronous copy into whole cells. In between, any
  /// access to them is a conflict. The end counts as a store of the thread that
  /// waits.
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
  std::vector<Cell> parts; ///< one for each byte of cells that are split
  std::vector<uint8_t> states;
};

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_SHAREDSHADOW_H
