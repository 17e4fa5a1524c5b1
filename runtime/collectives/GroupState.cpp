/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "collectives/GroupState.h"

#include "base/Sized.h"
#include "device/Handles.h"

#include <algorithm>

using namespace moelora;

namespace {

constexpr uint32_t leastExchange = MOELORA_SIZE_THROUGH(moelora_exchange, rows);

void checkAxes(const moelora_exchange &exchange) {
  if (exchange.over > allAxes)
    fail("expects the axes of an exchange to be at most " +
         std::to_string(allAxes) + ", but they are " +
         std::to_string(exchange.over));
  if (exchange.keep & ~exchange.over)
    fail("expects the axes keep of an exchange to be among its axes over, but "
         "they are " +
         std::to_string(exchange.keep) + " and " +
         std::to_string(exchange.over));
}

void checkKind(const moelora_exchange &exchange) {
  bool gathers = exchange.kind == MOELORA_EXCHANGE_ALL_GATHER;
  if (!gathers && exchange.kind != MOELORA_EXCHANGE_REDUCE)
    fail("expects an exchange of kind 1 or 2, but it is " +
             std::to_string(exchange.kind),
         MOELORA_UNSUPPORTED);
  if (gathers && (exchange.keep || exchange.plus))
    fail("expects an all-gather without keep and plus, but it has one of them");
  if (!gathers && exchange.operands != 1)
    fail("expects a reduction of one operand, but it has " +
         std::to_string(exchange.operands));
}

void checkExchange(const moelora_exchange &exchange) {
  checkAxes(exchange);
  checkKind(exchange);
  if (exchange.first_row < 0 || exchange.max_rows < 0)
    fail("expects a chunk of rows from 0 on, but it begins at " +
         std::to_string(exchange.first_row) + " and has at most " +
         std::to_string(exchange.max_rows));
  if (exchange.reserved)
    fail("expects the reserved field of an exchange to be 0, but it is " +
         std::to_string(exchange.reserved));
  if (exchange.operands)
    expectThere(exchange.operand, "the operands of an exchange");
}

} // namespace

void moelora_group::remember(moelora_status status,
                             const std::string &text) noexcept {
  try {
    firstError = "the group is unusable since an error: " + text;
  } catch (const std::bad_alloc &) {
    // The status is enough.
  }
  firstStatus = status;
  transport.abort(transport.context);
}

void moelora_group::expectHealthy() const {
  if (moelora_status status = firstStatus)
    fail(firstError, status);
}

template <typename Body> void moelora_group::attempt(Body body) {
  expectHealthy();
  try {
    body();
  } catch (const Failure &failure) {
    remember(failure.status, failure.text);
    throw;
  } catch (const std::exception &other) {
    remember(MOELORA_OUT_OF_MEMORY, other.what());
    throw;
  }
}

moelora_group::moelora_group(const moelora_transport &transport,
                             const Grid &grid, int32_t deadline)
    : transport(transport), grid(grid), deadline(deadline),
      tokens(size_t(transport.ranks)) {
  Grid::Triple at = grid.coordinates(transport.rank);
  std::copy(grid.sizes().begin(), grid.sizes().end(), view.sizes);
  std::copy(at.begin(), at.end(), view.coordinates);
  view.tokens = tokens.data();
  view.group = this;
  // The same order on all peer ranks.
  attempt([&] {
    for (uint32_t axes = 0; axes <= allAxes; ++axes)
      if (grid.effective(axes) == axes)
        makeSubgroup(axes);
  });
}

void moelora_group::makeSubgroup(uint32_t axes) {
  Subgroup &subgroup = subgroups[axes];
  subgroup.members = grid.peers(transport.rank, axes);
  size_t count = subgroup.members.size();
  subgroup.self = size_t(std::find(subgroup.members.begin(),
                                   subgroup.members.end(), transport.rank) -
                         subgroup.members.begin());
  for (auto *counts : {&subgroup.bytes, &subgroup.begin, &subgroup.received,
                       &subgroup.receivedBegin})
    counts->resize(count);
  subgroup.segments.resize(count);
  if (count == size_t(transport.ranks) && count > 1) {
    subgroup.transport = &transport;
  } else if (count > 1) {
    moelora_error *error = nullptr;
    if (moelora_status status = transport.split(
            transport.context, grid.colour(transport.rank, axes),
            transport.rank, deadline, &subgroup.transport, &error))
      failWith(status, error);
    subgroup.owned.reset(subgroup.transport);
  }
}

void moelora_group::share(int64_t own) {
  Messages messages(deadline, gathers);
  gather(&own, sizeof own, tokens.data(), messages);
}

void moelora_group::gather(const void *own, uint64_t bytes, void *all,
                           Messages &messages) {
  attempt([&] { gatherNow(own, bytes, all, messages); });
}

void moelora_group::gatherNow(const void *own, uint64_t bytes, void *all,
                              Messages &messages) {
  Subgroup &ranks = subgroups[grid.effective(allAxes)];
  std::fill(ranks.bytes.begin(), ranks.bytes.end(), bytes);
  messages.allGather(ranks, own, all);
}

std::vector<std::string> moelora_group::gatherTexts(const std::string &own,
                                                    Messages &messages) {
  std::vector<std::string> texts;
  attempt([&] { texts = exchangeTexts(own, messages); });
  return texts;
}

std::vector<std::string> moelora_group::exchangeTexts(const std::string &own,
                                                      Messages &messages) {
  constexpr uint64_t most = uint64_t(1) << 30;
  Subgroup &ranks = subgroups[grid.effective(allAxes)];
  std::vector<uint64_t> sizes(ranks.members.size());
  uint64_t size = own.size(), total = 0;
  gatherNow(&size, sizeof size, sizes.data(), messages);
  for (uint64_t each : sizes)
    if (__builtin_add_overflow(total, each, &total) || total > most)
      fail("expects texts of all peer ranks of at most " +
           std::to_string(most) + " bytes, but they are longer");
  std::string received(total, '\0');
  ranks.bytes = sizes;
  messages.allGather(ranks, own.data(), received.data());
  std::vector<std::string> texts;
  uint64_t begin = 0;
  for (uint64_t each : sizes) {
    texts.push_back(received.substr(begin, each));
    begin += each;
  }
  return texts;
}

void moelora_group::run(const moelora_exchange *exchange) {
  attempt(
      [&] { runChecked(readSized(exchange, leastExchange, "an exchange")); });
}

void moelora_group::runChecked(const moelora_exchange &given) {
  checkExchange(given);
  if (given.group != &view)
    fail("expects an exchange of this group, but it is of another one");
  moelora_exchange exchange = given;
  exchange.over = grid.effective(exchange.over);
  exchange.keep = grid.effective(exchange.keep);
  Chunk chunk = {exchange, grid, tokens.data(), transport.rank};
  Subgroup &over = subgroups[exchange.over];
  bool gathers = exchange.kind == MOELORA_EXCHANGE_ALL_GATHER;
  if (exchange.rows)
    *exchange.rows = chunk.countRows(gathers ? over : subgroups[exchange.keep]);
  if (gathers) {
    Messages messages(deadline, this->gathers);
    allGather(chunk, over, scratch, messages);
  } else {
    Messages messages(deadline, reductions);
    Subgroup &sharers = subgroups[exchange.over & ~exchange.keep];
    reduce(chunk, over, sharers, scratch, messages);
  }
}

void moelora_group::reserve(int64_t rows, uint64_t rowBytes) {
  rows = std::max(rows, scratch.rows);
  rowBytes = std::max(rowBytes, scratch.rowBytes);
  uint64_t own = 0, all = 0;
  if (__builtin_mul_overflow(uint64_t(rows), rowBytes, &own) ||
      __builtin_mul_overflow(own, uint64_t(transport.ranks), &all))
    fail("expects memory whose bytes can be counted, but their number "
         "overflows",
         MOELORA_OUT_OF_MEMORY);
  if (rows == scratch.rows && rowBytes == scratch.rowBytes)
    return;
  Scratch larger;
  larger.send.reset(new char[own]);
  larger.receive.reset(new char[all]);
  larger.rows = rows;
  larger.rowBytes = rowBytes;
  scratch = std::move(larger);
}
