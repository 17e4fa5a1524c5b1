/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A slot table as a peer rank states it, and the moves that all have decided.
 */
#ifndef MOELORA_RUNTIME_RANKS_MOVES_H
#define MOELORA_RUNTIME_RANKS_MOVES_H

#include "ranks/Decision.h"
#include "slots/SlotPublish.h"

namespace moelora {

std::vector<SlotEntry> entriesOf(moelora_slot_table &table);

/// Moves that were checked. While they exist, nothing else changes the table,
/// so that the checks still hold when the moves are made.
class Moves {
public:
  /// Fails if the table cannot make them. `staged` is for those that publish.
  Moves(moelora_slot_table &table, moelora_staged *staged,
        std::vector<Move> moves);
  ~Moves();
  Moves(const Moves &) = delete;

  /// Makes them, in the order of a stream. Returns the id of what is published,
  /// which frees `staged`, or -1.
  int32_t make(moelora_stream *stream);

private:
  void evict(const Move &move, moelora_stream *stream);

  moelora_slot_table &table;
  moelora_staged *staged;
  const std::vector<Move> moves;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_RANKS_MOVES_H
