/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Peer ranks on a grid, computed apart from the runtime's.
 */
#include "Exchanges.h"

using namespace moelora::test;

static std::vector<int32_t> coordinatesOf(const moelora_group_view &view,
                                          int32_t rank) {
  int32_t ep = view.sizes[1], tp = view.sizes[2];
  return {rank / tp / ep, rank / tp % ep, rank % tp};
}

bool moelora::test::agrees(const moelora_group_view &view, uint32_t axes,
                           int32_t other) {
  std::vector<int32_t> at = coordinatesOf(view, other);
  for (int axis = 0; axis < 3; ++axis)
    if ((axes >> axis & 1) && at[size_t(axis)] != view.coordinates[axis])
      return false;
  return true;
}

std::vector<int32_t> moelora::test::peersOver(const moelora_group_view &view,
                                              uint32_t axes, int32_t ranks) {
  std::vector<int32_t> peers;
  for (int32_t rank = 0; rank < ranks; ++rank)
    if (agrees(view, ~axes, rank))
      peers.push_back(rank);
  return peers;
}

void moelora::test::setTokens(Peer &peer, moelora_group *group, uint32_t shared,
                              std::mt19937_64 &random) {
  const moelora_group_view &view = *moelora_group_view_of(group);
  std::vector<int64_t> drawn, tokens;
  for (int32_t rank = 0; rank < peer.ranks(); ++rank)
    drawn.push_back(random() % 4 ? int64_t(random() % 12) : 0);
  for (int32_t rank = 0; rank < peer.ranks(); ++rank) {
    std::vector<int32_t> at = coordinatesOf(view, rank);
    for (int axis = 0; axis < 3; ++axis)
      if (shared >> axis & 1)
        at[size_t(axis)] = 0;
    tokens.push_back(
        drawn[size_t((at[0] * view.sizes[1] + at[1]) * view.sizes[2] + at[2])]);
  }
  must(moelora_group_set_tokens, group,
       static_cast<const int64_t *>(tokens.data()));
}

std::vector<std::vector<int32_t>> moelora::test::gridsOf(int32_t ranks) {
  std::vector<std::vector<int32_t>> grids;
  for (int32_t dp = 1; dp <= ranks; ++dp)
    for (int32_t ep = 1; dp * ep <= ranks; ++ep)
      if (ranks % (dp * ep) == 0)
        grids.push_back({dp, ep, ranks / dp / ep});
  return grids;
}
