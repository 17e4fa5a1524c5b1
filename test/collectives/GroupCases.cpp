/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Groups on all grids of the peer ranks.
 */
#include "Exchanges.h"

#include <algorithm>

using namespace moelora::test;

namespace {

constexpr uint32_t dp = MOELORA_AXIS_DP, ep = MOELORA_AXIS_EP,
                   tp = MOELORA_AXIS_TP, all = dp | ep | tp;
constexpr int64_t mostRows = 16;
constexpr uint64_t mostRowBytes = 512;

GroupOwner reserved(Peer &peer, const std::vector<int32_t> &grid) {
  GroupOwner group = peer.group(grid[0], grid[1], grid[2]);
  must(moelora_group_reserve, group.get(), mostRows, mostRowBytes);
  return group;
}

void hasCoordinates(Peer &peer) {
  for (const std::vector<int32_t> &grid : gridsOf(peer.ranks())) {
    GroupOwner group = peer.group(grid[0], grid[1], grid[2]);
    const moelora_group_view &view = *moelora_group_view_of(group.get());
    expect(std::equal(grid.begin(), grid.end(), view.sizes), "wrong sizes");
    const int32_t *at = view.coordinates;
    expect((at[0] * grid[1] + at[1]) * grid[2] + at[2] == peer.rank(),
           "wrong coordinates");
    for (int axis = 0; axis < MOELORA_AXES; ++axis)
      expect(at[axis] >= 0 && at[axis] < view.sizes[axis], "out of the grid");
    expect(view.group == group.get(), "the view is of another group");
  }
}

void sharesTokens(Peer &peer) {
  GroupOwner group = peer.group(1, peer.ranks(), 1);
  must(moelora_group_share_tokens, group.get(), int64_t(peer.rank() * 3));
  const moelora_group_view &view = *moelora_group_view_of(group.get());
  for (int32_t rank = 0; rank < peer.ranks(); ++rank)
    expect(view.tokens[rank] == rank * 3, "wrong tokens");
}

void gathersOverAllAxes(Peer &peer) {
  std::mt19937_64 random(7);
  for (const std::vector<int32_t> &grid : gridsOf(peer.ranks())) {
    GroupOwner group = reserved(peer, grid);
    for (uint32_t over = 0; over <= all; ++over) {
      setTokens(peer, group.get(), 0, random);
      checkGather(peer, group.get(), {over, 0, 0, 0, {24}, false, false, over});
      checkGather(peer, group.get(),
                  {over, 0, 0, 0, {10, 0, 3}, true, false, over + 8});
      checkGather(peer, group.get(), {over, 0, 3, 4, {8, 8}, false, false, 9});
      checkGather(peer, group.get(), {over, 0, 0, 0, {}, false, false, 1});
    }
  }
}

void reducesOverAllAxes(Peer &peer) {
  std::mt19937_64 random(11);
  for (const std::vector<int32_t> &grid : gridsOf(peer.ranks())) {
    GroupOwner group = reserved(peer, grid);
    for (uint32_t over = 0; over <= all; ++over)
      for (uint32_t keep = 0; keep <= over; ++keep) {
        if (keep & ~over)
          continue;
        setTokens(peer, group.get(), over & ~keep, random);
        uint64_t seed = 16 * over + 2 * keep;
        checkReduce(peer, group.get(),
                    {over, keep, 0, 0, {20}, false, false, seed});
        checkReduce(peer, group.get(),
                    {over, keep, 0, 0, {4}, false, true, seed + 1});
        checkReduce(peer, group.get(),
                    {over, keep, 2, 5, {12}, false, true, seed});
      }
  }
}

/// Without this, a sum in another order would pass.
void dependsOnTheOrder(Peer &peer) {
  constexpr uint64_t count = 1000;
  if (peer.ranks() < 3)
    return; // a + b is b + a
  std::vector<float> up(count), down(count);
  for (int32_t rank = 0; rank < peer.ranks(); ++rank) {
    std::vector<float> first = floatsOf(3, rank, count);
    std::vector<float> last = floatsOf(3, peer.ranks() - 1 - rank, count);
    for (size_t i = 0; i < count; ++i) {
      up[i] += first[i];
      down[i] += last[i];
    }
  }
  expect(up != down, "sums in both orders have the same bits");
}

/// What one reduction over tp sends: two messages; all rows but the own share.
void countsMessages(Peer &peer) {
  GroupOwner group = reserved(peer, {1, 1, peer.ranks()});
  std::vector<int64_t> tokens(size_t(peer.ranks()), peer.ranks());
  must(moelora_group_set_tokens, group.get(),
       static_cast<const int64_t *>(tokens.data()));
  checkReduce(peer, group.get(), {tp, 0, 0, 0, {8}, false, false, 1});
  checkGather(peer, group.get(), {tp, 0, 0, 0, {8, 4}, false, false, 1});
  moelora_group_stats stats = {};
  stats.size = sizeof stats;
  must(moelora_group_read_stats,
       static_cast<const moelora_group *>(group.get()), &stats);
  uint64_t others = uint64_t(peer.ranks()) - 1, alone = others == 0;
  expect(stats.reduce.exchanges == 1 && stats.all_gather.exchanges == 1,
         "wrong numbers of exchanges");
  expect(stats.reduce.messages == 2 * !alone &&
             stats.all_gather.messages == 1 * !alone,
         "wrong numbers of messages");
  expect(stats.reduce.sent == 2 * others * 8 &&
             stats.reduce.received == stats.reduce.sent,
         "a reduction sent " + std::to_string(stats.reduce.sent));
  uint64_t bytes = others * uint64_t(peer.ranks()) * 12;
  expect(stats.all_gather.sent == bytes && stats.all_gather.received == bytes,
         "an all-gather sent " + std::to_string(stats.all_gather.sent));
}

Plan randomPlan(std::mt19937_64 &random) {
  Plan plan;
  plan.over = uint32_t(random() % (all + 1));
  plan.keep = uint32_t(random()) & plan.over;
  plan.firstRow = random() % 3 ? 0 : int64_t(random() % 8);
  plan.maxRows = random() % 3 ? 0 : int64_t(random() % 8);
  plan.plus = random() % 2;
  plan.pitched = random() % 2;
  plan.seed = random() % 100000;
  return plan;
}

void makesRandomExchanges(Peer &peer) {
  std::mt19937_64 random(peer.seed);
  std::vector<std::vector<int32_t>> grids = gridsOf(peer.ranks());
  GroupOwner group;
  for (int i = 0; i < peer.count; ++i) {
    if (i % 100 == 0) {
      group.reset();
      group = reserved(peer, grids[random() % grids.size()]);
    }
    Plan plan = randomPlan(random);
    if (random() % 2) {
      setTokens(peer, group.get(), plan.over & ~plan.keep, random);
      plan.widths = {4 * (random() % 64)};
      checkReduce(peer, group.get(), plan);
      continue;
    }
    plan.keep = 0;
    setTokens(peer, group.get(), 0, random);
    for (uint64_t operands = random() % 5; operands > 0; --operands)
      plan.widths.push_back(random() % 100);
    checkGather(peer, group.get(), plan);
  }
}

} // namespace

std::vector<Case> moelora::test::groupCases() {
  return {{"has_coordinates", hasCoordinates},
          {"shares_tokens", sharesTokens},
          {"gathers_over_all_axes", gathersOverAllAxes},
          {"reduces_over_all_axes", reducesOverAllAxes},
          {"depends_on_the_order", dependsOnTheOrder},
          {"counts_messages", countsMessages},
          {"makes_random_exchanges", makesRandomExchanges}};
}
