/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The calls of all peer ranks that change their slot tables. GroupSlots.h has
 * the protocol.
 */
#include "moelora/runtime/GroupSlots.h"

#include "base/Sized.h"
#include "collectives/GroupState.h"
#include "ranks/Moves.h"

#include <optional>

using namespace moelora;

namespace {

/// The call of this peer rank.
struct Request {
  Statement::Call call;
  moelora_slot_table *table;
  moelora_staged *staged;
  const moelora_error *failed;
  int32_t evicts;
  moelora_stream *stream;
  int32_t *id; ///< for the result, except of Evict
};

void checkRequest(const Request &request) {
  expectThere(request.table, "a slot table");
  if (!request.table->device.host_visible)
    fail(std::string("expects a slot table in memory of the host, because "
                     "groups have no memory of devices yet, but it is on ") +
             request.table->device.name,
         MOELORA_UNSUPPORTED);
  request.table->checkNotCapturing(request.stream);
  if (request.call != Statement::Evict)
    expectThere(request.id, "a place for the id");
  if (request.failed)
    fail(request.failed->text, request.failed->status == MOELORA_OK
                                   ? MOELORA_INVALID
                                   : request.failed->status);
  if (request.call == Statement::Publish)
    expectThere(request.staged, "what is staged, or why nothing is");
  if (request.staged && &request.staged->table != request.table)
    fail("expects what this slot table has staged, but another one has");
}

/// Nothing that is wrong on this peer rank only keeps it from the messages, for
/// which the others wait.
Statement statementOf(const Request &request) {
  Statement statement;
  statement.call = request.call;
  statement.evicts = request.evicts;
  try {
    checkRequest(request);
    if (request.staged) {
      statement.name = request.staged->name;
      statement.replaces = request.staged->replaces;
    }
    statement.slots = entriesOf(*request.table);
  } catch (const Failure &failure) {
    statement.status = failure.status;
    statement.text = failure.text;
  }
  return statement;
}

/// Whether all peer ranks can make their moves. Fails on all if one cannot.
void vote(moelora_group &group, const Failure &own, Messages &messages) {
  std::vector<int32_t> all(size_t(group.transport.ranks));
  int32_t status = own.status;
  group.gather(&status, sizeof status, all.data(), messages);
  for (size_t rank = 0; rank < all.size(); ++rank)
    if (all[rank] != MOELORA_OK)
      fail("peer rank " + std::to_string(rank) + ": " +
               group.gatherTexts(own.text, messages)[rank],
           moelora_status(all[rank]));
}

/// A failure that only this peer rank has makes the group unusable, because the
/// others do not know of it.
template <typename Body> auto alone(moelora_group &group, Body body) {
  try {
    return body();
  } catch (const Failure &failure) {
    group.remember(failure.status, failure.text);
    throw;
  }
}

std::vector<Move> decideWith(moelora_group &group, const Request &request,
                             Messages &messages) {
  std::vector<std::string> texts =
      group.gatherTexts(toBytes(statementOf(request)), messages);
  std::vector<Statement> all = alone(group, [&] {
    std::vector<Statement> read;
    for (const std::string &text : texts)
      read.push_back(moelora::statementOf(text));
    return read;
  });
  return decide(all, size_t(group.transport.rank));
}

int32_t agree(moelora_group &group, const Request &request) {
  group.expectHealthy();
  Messages messages(group.deadline, group.gathers);
  std::vector<Move> decided = decideWith(group, request, messages);
  std::optional<Moves> moves;
  Failure own = {MOELORA_OK, ""};
  try {
    moves.emplace(*request.table, request.staged, std::move(decided));
  } catch (const Failure &failure) {
    own = failure;
  } catch (const std::bad_alloc &) {
    own = {MOELORA_OUT_OF_MEMORY, "out of memory"};
  }
  vote(group, own, messages);
  return alone(group, [&] { return moves->make(request.stream); });
}

moelora_status change(moelora_group *group, const Request &request,
                      moelora_error **error) {
  moelora_status status = guarded(error, [&] {
    expectThere(group, "a group");
    try {
      int32_t id = agree(*group, request);
      if (request.id)
        *request.id = id;
    } catch (const std::bad_alloc &) {
      group->remember(MOELORA_OUT_OF_MEMORY, "out of memory");
      throw;
    }
  });
  if (request.table)
    countAnswer(*request.table, status);
  return status;
}

} // namespace

moelora_status moelora_group_publish(moelora_group *group,
                                     moelora_slot_table *table,
                                     moelora_staged *staged,
                                     const moelora_error *failed,
                                     moelora_stream *stream, int32_t *id,
                                     moelora_error **error) {
  return change(group,
                {Statement::Publish, table, staged, failed, -1, stream, id},
                error);
}

moelora_status moelora_group_evict(moelora_group *group,
                                   moelora_slot_table *table, int32_t id,
                                   moelora_stream *stream,
                                   moelora_error **error) {
  return change(
      group, {Statement::Evict, table, nullptr, nullptr, id, stream, nullptr},
      error);
}

moelora_status moelora_group_reconcile(moelora_group *group,
                                       moelora_slot_table *table,
                                       moelora_staged *staged,
                                       moelora_stream *stream, int32_t *id,
                                       moelora_error **error) {
  return change(group,
                {Statement::Reconcile, table, staged, nullptr, -1, stream, id},
                error);
}
