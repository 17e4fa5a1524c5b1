/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The kinds of exchanges, which send the rows of one chunk.
 */
#ifndef MOELORA_RUNTIME_COLLECTIVES_CHUNK_H
#define MOELORA_RUNTIME_COLLECTIVES_CHUNK_H

#include "collectives/Grid.h"
#include "collectives/Messages.h"

#include <memory>

namespace moelora {

/// Memory that exchanges use. Its content is undefined.
struct Scratch {
  std::unique_ptr<char[]> send, receive;
  int64_t rows = 0; ///< of each peer rank
  uint64_t rowBytes = 0;

  /// Fails unless this was reserved.
  void expect(int64_t rows, uint64_t rowBytes) const;
};

/// What the kinds of exchanges share. The exchange has been checked, except the
/// addresses of rows.
struct Chunk {
  const moelora_exchange &exchange;
  const Grid &grid;
  const int64_t *tokens; ///< by peer rank
  int32_t rank;

  /// The rows of a peer rank.
  int64_t rows(int32_t peer) const;
  /// The largest number of rows of a member.
  int64_t mostRows(const Subgroup &peers) const;
  /// The rows of all members, as moelora_exchange.rows returns them.
  moelora_exchange_rows countRows(const Subgroup &peers) const;
};

void allGather(const Chunk &chunk, Subgroup &over, Scratch &scratch,
               Messages &messages);

/// `sharers` are the peers over those axes of `over` that are not in `keep`.
void reduce(const Chunk &chunk, Subgroup &over, Subgroup &sharers,
            Scratch &scratch, Messages &messages);

/// Fails for rows without an address, or at one that is not aligned.
void expectRows(const void *rows, int64_t count, size_t alignment,
                const char *what);

} // namespace moelora

#endif // MOELORA_RUNTIME_COLLECTIVES_CHUNK_H
