/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "collectives/Chunk.h"

#include "base/Failure.h"

#include <algorithm>

using namespace moelora;

void Scratch::expect(int64_t neededRows, uint64_t neededBytes) const {
  if (neededRows > rows || neededBytes > rowBytes)
    fail("expects a group with memory for " + std::to_string(neededRows) +
         " rows of " + std::to_string(neededBytes) +
         " bytes, but what is reserved is for " + std::to_string(rows) +
         " rows of " + std::to_string(rowBytes) + " bytes");
}

int64_t Chunk::rows(int32_t peer) const {
  int64_t rows = std::max<int64_t>(tokens[peer] - exchange.first_row, 0);
  return exchange.max_rows ? std::min(rows, exchange.max_rows) : rows;
}

int64_t Chunk::mostRows(const Subgroup &peers) const {
  int64_t most = 0;
  for (int32_t member : peers.members)
    most = std::max(most, rows(member));
  return most;
}

moelora_exchange_rows Chunk::countRows(const Subgroup &peers) const {
  moelora_exchange_rows counted = {0, rows(rank), 0};
  for (size_t i = 0; i < peers.members.size(); ++i) {
    if (i == peers.self)
      counted.own_begin = counted.all;
    counted.all += rows(peers.members[i]);
  }
  return counted;
}

void moelora::expectRows(const void *rows, int64_t count, size_t alignment,
                         const char *what) {
  if (count && !rows)
    fail(std::string("expects ") + what + " of " + std::to_string(count) +
         " rows, but its address is NULL");
  if (reinterpret_cast<uintptr_t>(rows) % alignment)
    fail(std::string("expects ") + what + " at a multiple of " +
         std::to_string(alignment) +
         " bytes, but its address is no such multiple");
}
