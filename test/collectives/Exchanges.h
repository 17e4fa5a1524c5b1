/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Exchanges whose results are computed a second time, by loops over all peer
 * ranks that know nothing of messages.
 */
#ifndef MOELORA_TEST_COLLECTIVES_EXCHANGES_H
#define MOELORA_TEST_COLLECTIVES_EXCHANGES_H

#include "Peer.h"

namespace moelora::test {

/// One exchange, on any peer rank.
struct Plan {
  uint32_t over = 0, keep = 0;
  int64_t firstRow = 0, maxRows = 0;
  std::vector<uint64_t> widths; ///< bytes of a row of each operand
  bool pitched = false;         ///< inputs have a gap between rows
  bool plus = false;
  uint64_t seed = 0;
};

/// Whether another peer rank has the coordinates of this one in these axes.
bool agrees(const moelora_group_view &view, uint32_t axes, int32_t other);

/// The peer ranks that differ from this one only in some axes, ascending.
std::vector<int32_t> peersOver(const moelora_group_view &view, uint32_t axes,
                               int32_t ranks);

/// Runs the exchange and checks all that it writes.
void checkGather(Peer &peer, moelora_group *group, const Plan &plan);
void checkReduce(Peer &peer, moelora_group *group, const Plan &plan);

/// Sets random tokens, of which those of peer ranks that share rows in this
/// reduction are equal.
void setTokens(Peer &peer, moelora_group *group, uint32_t shared,
               std::mt19937_64 &random);

/// The grids of a number of peer ranks.
std::vector<std::vector<int32_t>> gridsOf(int32_t ranks);

} // namespace moelora::test

#endif // MOELORA_TEST_COLLECTIVES_EXCHANGES_H
