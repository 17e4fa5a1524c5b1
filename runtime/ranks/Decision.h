/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The decisions about changes of all slot tables of a group. They depend on
 * nothing but the statements, so all peer ranks come to the same one.
 */
#ifndef MOELORA_RUNTIME_RANKS_DECISION_H
#define MOELORA_RUNTIME_RANKS_DECISION_H

#include "ranks/Statement.h"

namespace moelora {

/// The change of one slot of one table.
struct Move {
  int32_t slot;
  uint32_t generation; ///< of the adapter; Evict: of the next one
  enum Kind { Publish, Evict } kind;
};

/// The moves of the peer rank `rank`. Fails on all peer ranks alike.
std::vector<Move> decide(const std::vector<Statement> &all, size_t rank);

} // namespace moelora

#endif // MOELORA_RUNTIME_RANKS_DECISION_H
