/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The C interface of groups.
 */
#include "base/Sized.h"
#include "collectives/GroupState.h"
#include "device/Handles.h"

#include <limits>

using namespace moelora;

namespace {

constexpr uint32_t leastOptions =
    MOELORA_SIZE_THROUGH(moelora_group_options, deadline_ms);
constexpr uint32_t leastStats =
    MOELORA_SIZE_THROUGH(moelora_group_stats, reduce);
/// So that the loss of a peer rank is reported within 10 seconds.
constexpr int32_t usualDeadline = 8000;

void checkTokens(int64_t tokens) {
  if (tokens < 0 || tokens > std::numeric_limits<int32_t>::max())
    fail("expects the tokens of a peer rank to be in [0, 2147483647], but they "
         "are " +
         std::to_string(tokens));
}

int32_t checkedDeadline(int32_t deadline) {
  if (deadline < 1)
    fail("expects a deadline of at least 1 ms, but it is " +
         std::to_string(deadline));
  return deadline;
}

} // namespace

moelora_status moelora_group_create(const moelora_transport *transport,
                                    const moelora_group_options *options,
                                    moelora_group **group,
                                    moelora_error **error) {
  return guarded(error, [&] {
    moelora_error *broken = nullptr;
    if (moelora_status status = moelora_transport_check(transport, &broken))
      failWith(status, broken);
    moelora_group_options given =
        readSized(options, leastOptions, "the options of a group");
    expectThere(group, "a place for the group");
    if (given.reserved)
      fail("expects the reserved field of a group to be 0, but it is " +
           std::to_string(given.reserved));
    int32_t deadline =
        checkedDeadline(given.deadline_ms ? given.deadline_ms : usualDeadline);
    Grid grid({given.dp, given.ep, given.tp}, transport->ranks);
    *group = new moelora_group(*transport, grid, deadline);
  });
}

moelora_status moelora_group_destroy(moelora_group *group,
                                     moelora_error **error) {
  return guarded(error, [&] {
    if (group && (group->layers || group->steps))
      fail("expects a group that no layer and no step uses, but " +
               std::to_string(group->layers) + " layers are bound to it and " +
               std::to_string(group->steps) + " steps have joined it",
           MOELORA_BUSY);
    delete group;
  });
}

const moelora_group_view *moelora_group_view_of(const moelora_group *group) {
  return group ? &group->view : nullptr;
}

moelora_status moelora_group_set_deadline(moelora_group *group,
                                          int32_t deadline_ms,
                                          moelora_error **error) {
  return guarded(error, [&] {
    expectThere(group, "a group");
    group->deadline = checkedDeadline(deadline_ms);
  });
}

moelora_status moelora_group_reserve(moelora_group *group, int64_t max_rows,
                                     uint64_t row_bytes,
                                     moelora_error **error) {
  return guarded(error, [&] {
    expectThere(group, "a group");
    checkTokens(max_rows);
    group->reserve(max_rows, row_bytes);
  });
}

moelora_status moelora_group_set_tokens(moelora_group *group,
                                        const int64_t *tokens,
                                        moelora_error **error) {
  return guarded(error, [&] {
    expectThere(group, "a group");
    expectThere(tokens, "the tokens of each peer rank");
    for (size_t i = 0; i < group->tokens.size(); ++i)
      checkTokens(tokens[i]);
    for (size_t i = 0; i < group->tokens.size(); ++i)
      group->tokens[i] = tokens[i];
  });
}

moelora_status moelora_group_share_tokens(moelora_group *group, int64_t tokens,
                                          moelora_error **error) {
  return guarded(error, [&] {
    expectThere(group, "a group");
    checkTokens(tokens);
    group->share(tokens);
  });
}

moelora_status moelora_group_run(moelora_group *group,
                                 const moelora_exchange *exchange,
                                 moelora_error **error) {
  return guarded(error, [&] {
    expectThere(group, "a group");
    group->run(exchange);
  });
}

moelora_status moelora_group_health(const moelora_group *group,
                                    moelora_error **error) {
  return guarded(error, [&] {
    expectThere(group, "a group");
    group->expectHealthy();
  });
}

moelora_status moelora_group_read_stats(const moelora_group *group,
                                        moelora_group_stats *stats,
                                        moelora_error **error) {
  return guarded(error, [&] {
    expectThere(group, "a group");
    moelora_group_stats value = {};
    value.all_gather = group->gathers;
    value.reduce = group->reductions;
    value.unmatched_ids = group->unmatched;
    writeSized(stats, value, leastStats, "the stats of a group");
  });
}
