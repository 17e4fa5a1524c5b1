/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A group of one peer rank with a slot table, for calls that lack something
 * else.
 */
#ifndef MOELORA_TEST_RUNTIME_INVALID_GROUPS_H
#define MOELORA_TEST_RUNTIME_INVALID_GROUPS_H

#include "Slots.h"
#include "moelora/runtime/Group.h"

namespace moelora::test {

template <typename Body>
std::function<int64_t()> withGroupAndTable(const Valid &valid, Body body) {
  return withTable(valid, [body](moelora_slot_table *table) -> int64_t {
    const moelora_transport *transport = nullptr;
    moelora_group *group = nullptr;
    moelora_loopback_open(1, &transport, nullptr);
    moelora_group_options options = {sizeof options, 0, 1, 1, 1, 0};
    moelora_group_create(transport, &options, &group, nullptr);
    int64_t status = body(group, table);
    moelora_group_destroy(group, nullptr);
    moelora_transport_close(transport);
    return status;
  });
}

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_INVALID_GROUPS_H
