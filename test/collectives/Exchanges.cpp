/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "Exchanges.h"

#include <algorithm>
#include <cstring>

using namespace moelora::test;

namespace {

int64_t rowsOf(const moelora_group_view &view, const Plan &plan, int32_t rank) {
  int64_t rows = view.tokens[rank] - plan.firstRow;
  rows = rows < 0 ? 0 : rows;
  return plan.maxRows && rows > plan.maxRows ? plan.maxRows : rows;
}

moelora_exchange exchangeOf(const moelora_group_view &view, const Plan &plan,
                            int32_t kind) {
  moelora_exchange exchange = {};
  exchange.size = sizeof exchange;
  exchange.kind = kind;
  exchange.over = plan.over;
  exchange.keep = plan.keep;
  exchange.first_row = plan.firstRow;
  exchange.max_rows = plan.maxRows;
  exchange.group = &view;
  return exchange;
}

std::vector<char> rowsOfOperand(const Plan &plan, size_t operand, int32_t rank,
                                int64_t rows) {
  return bytesOf(plan.seed * 16 + operand, rank,
                 uint64_t(rows) * plan.widths[operand]);
}

/// The rows with a gap of `gap` bytes after each.
std::vector<char> spread(const std::vector<char> &rows, uint64_t width,
                         uint64_t gap) {
  std::vector<char> out;
  for (uint64_t at = 0; width && at < rows.size(); at += width) {
    out.insert(out.end(), rows.begin() + long(at),
               rows.begin() + long(at + width));
    out.insert(out.end(), gap, '?');
  }
  return out;
}

bool sameBits(const std::vector<float> &a, const std::vector<float> &b) {
  return a.size() == b.size() &&
         (a.empty() ||
          std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

/// Where the own rows begin in what is gathered over some axes.
int64_t ownBegin(const moelora_group_view &view, const Plan &plan,
                 uint32_t axes, const Peer &peer) {
  int64_t begin = 0;
  for (int32_t other : peersOver(view, axes, peer.ranks()))
    if (other < peer.rank())
      begin += rowsOf(view, plan, other);
  return begin;
}

int64_t allRows(const moelora_group_view &view, const Plan &plan,
                const std::vector<int32_t> &peers) {
  int64_t rows = 0;
  for (int32_t peer : peers)
    rows += rowsOf(view, plan, peer);
  return rows;
}

/// The loops that define a reduction.
std::vector<float> serialSum(const moelora_group_view &view, const Plan &plan,
                             const Peer &peer) {
  uint64_t width = plan.widths[0] / sizeof(float);
  uint64_t own = uint64_t(rowsOf(view, plan, peer.rank())) * width;
  int64_t kept = allRows(view, plan, peersOver(view, plan.keep, peer.ranks()));
  uint64_t begin = uint64_t(ownBegin(view, plan, plan.keep, peer)) * width;
  std::vector<float> sums;
  for (int32_t other : peersOver(view, plan.over, peer.ranks())) {
    std::vector<float> rows =
        floatsOf(plan.seed, other, uint64_t(kept) * width);
    std::vector<float> addend(rows.begin() + long(begin),
                              rows.begin() + long(begin + own));
    if (plan.plus && agrees(view, plan.keep, other)) {
      std::vector<float> plus = floatsOf(plan.seed + 1, other, own);
      for (uint64_t i = 0; i < own; ++i)
        addend[i] += plus[i];
    }
    if (sums.empty())
      sums = addend;
    else
      for (uint64_t i = 0; i < own; ++i)
        sums[i] += addend[i];
  }
  return sums;
}

} // namespace

void moelora::test::checkGather(Peer &peer, moelora_group *group,
                                const Plan &plan) {
  const moelora_group_view &view = *moelora_group_view_of(group);
  std::vector<int32_t> peers = peersOver(view, plan.over, peer.ranks());
  int64_t own = rowsOf(view, plan, peer.rank());
  size_t count = plan.widths.size();
  std::vector<std::vector<char>> in(count), out(count), expected(count);
  std::vector<moelora_exchange_operand> operands;
  for (size_t i = 0; i < count; ++i) {
    uint64_t gap = plan.pitched ? i + 1 : 0;
    in[i] =
        spread(rowsOfOperand(plan, i, peer.rank(), own), plan.widths[i], gap);
    for (int32_t other : peers) {
      std::vector<char> rows =
          rowsOfOperand(plan, i, other, rowsOf(view, plan, other));
      expected[i].insert(expected[i].end(), rows.begin(), rows.end());
    }
    expected[i].push_back('!');
    out[i].assign(expected[i].size(), '!');
    operands.push_back({in[i].data(), out[i].data(), plan.widths[i],
                        plan.pitched ? plan.widths[i] + gap : 0});
  }
  moelora_exchange exchange =
      exchangeOf(view, plan, MOELORA_EXCHANGE_ALL_GATHER);
  moelora_exchange_rows rows = {-1, -1, -1};
  exchange.operand = operands.data();
  exchange.operands = uint32_t(count);
  exchange.rows = &rows;
  must(moelora_group_run, group,
       static_cast<const moelora_exchange *>(&exchange));
  expect(out == expected, "the gathered rows differ from those of the peers");
  expect(rows.all == allRows(view, plan, peers) && rows.own == own &&
             rows.own_begin == ownBegin(view, plan, plan.over, peer),
         "the numbers of rows are wrong");
}

void moelora::test::checkReduce(Peer &peer, moelora_group *group,
                                const Plan &plan) {
  const moelora_group_view &view = *moelora_group_view_of(group);
  uint64_t width = plan.widths[0] / sizeof(float);
  int64_t kept = allRows(view, plan, peersOver(view, plan.keep, peer.ranks()));
  uint64_t own = uint64_t(rowsOf(view, plan, peer.rank())) * width;
  std::vector<float> in =
      floatsOf(plan.seed, peer.rank(), uint64_t(kept) * width);
  std::vector<float> plus = floatsOf(plan.seed + 1, peer.rank(), own);
  std::vector<float> out(own, -1);
  // Every second result takes the place of the input.
  bool inPlace = plan.seed % 2;
  moelora_exchange_operand operand = {
      in.data(), inPlace ? in.data() : out.data(), plan.widths[0], 0};
  moelora_exchange exchange = exchangeOf(view, plan, MOELORA_EXCHANGE_REDUCE);
  exchange.operand = &operand;
  exchange.operands = 1;
  exchange.plus = plan.plus ? plus.data() : nullptr;
  must(moelora_group_run, group,
       static_cast<const moelora_exchange *>(&exchange));
  if (inPlace)
    std::copy_n(in.begin(), own, out.begin());
  expect(sameBits(out, serialSum(view, plan, peer)),
         "the sum differs from that in the order of the peer ranks");
}
