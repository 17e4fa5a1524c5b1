/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls of GroupSlots.h.
 */
#include "moelora/runtime/GroupSlots.h"
#include "Groups.h"

using namespace moelora::test;

namespace {

using Group = moelora_group *;
using Handle = moelora_slot_table *;

int64_t publish(Group group, Handle table, bool id) {
  int32_t to = -1;
  return moelora_group_publish(group, table, nullptr, nullptr, nullptr,
                               id ? &to : nullptr, nullptr);
}

int64_t reconcile(Group group, Handle table, bool id) {
  int32_t to = -1;
  return moelora_group_reconcile(group, table, nullptr, nullptr,
                                 id ? &to : nullptr, nullptr);
}

int64_t evict(Group group, Handle table) {
  return moelora_group_evict(group, table, 0, nullptr, nullptr);
}

} // namespace

InvalidCalls moelora::test::invalidGroupSlots(const Valid &valid) {
  auto with = [&](auto body) { return withGroupAndTable(valid, body); };
  return {{"moelora_group_publish", "group", invalid,
           with([](Group, Handle t) { return publish(nullptr, t, true); })},
          {"moelora_group_publish", "table", invalid,
           with([](Group g, Handle) { return publish(g, nullptr, true); })},
          {"moelora_group_publish", "id", invalid,
           with([](Group g, Handle t) { return publish(g, t, false); })},
          {"moelora_group_evict", "group", invalid,
           with([](Group, Handle t) { return evict(nullptr, t); })},
          {"moelora_group_evict", "table", invalid,
           with([](Group g, Handle) { return evict(g, nullptr); })},
          {"moelora_group_reconcile", "group", invalid,
           with([](Group, Handle t) { return reconcile(nullptr, t, true); })},
          {"moelora_group_reconcile", "table", invalid,
           with([](Group g, Handle) { return reconcile(g, nullptr, true); })},
          {"moelora_group_reconcile", "id", invalid,
           with([](Group g, Handle t) { return reconcile(g, t, false); })}};
}
