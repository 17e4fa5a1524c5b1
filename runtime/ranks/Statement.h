/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a peer rank states about itself before all change their slot tables, and
 * its form as bytes.
 */
#ifndef MOELORA_RUNTIME_RANKS_STATEMENT_H
#define MOELORA_RUNTIME_RANKS_STATEMENT_H

#include "moelora/runtime/Error.h"

#include <cstdint>
#include <string>
#include <vector>

namespace moelora {

/// The state of a slot.
struct SlotEntry {
  enum State { Free, Reserved, Live, Closed };

  int32_t state = Free;
  uint32_t generation = 0; ///< LIVE: its own; otherwise the next one
  int32_t version = 0;
  bool enabled = true, idle = false, broken = false;
  uint64_t used = 0; ///< LIVE: a time of this table
  std::string name;  ///< LIVE

  bool live() const { return state == Live; }
};

/// The call that a peer rank makes, with its arguments.
struct Statement {
  enum Call { Publish, Evict, Reconcile };

  int32_t call = Publish;
  /// Not OK: it cannot take part in the change.
  int32_t status = MOELORA_OK;
  std::string text;
  std::string name;      ///< of what is staged; "": nothing
  int32_t replaces = -1; ///< the id that what is staged replaces
  int32_t evicts = -1;   ///< Evict: the id
  std::vector<SlotEntry> slots;
};

std::string toBytes(const Statement &statement);
/// Fails if the bytes are not those of a statement.
Statement statementOf(const std::string &bytes);

} // namespace moelora

#endif // MOELORA_RUNTIME_RANKS_STATEMENT_H
