/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls of SlotTable.h.
 */
#include "Slots.h"

using namespace moelora::test;

namespace {

using Handle = moelora_slot_table *;

InvalidCalls tables(const Valid &) {
  return {{"moelora_slot_table_create", "options", invalid,
           [] {
             Handle to = nullptr;
             return moelora_slot_table_create(nullptr, &to, nullptr);
           }},
          {"moelora_slot_table_create", "table", invalid,
           [] {
             moelora_slot_table_options options = tableOptions(1);
             return moelora_slot_table_create(&options, nullptr, nullptr);
           }},
          {"moelora_slot_table_destroy", "table", 0,
           [] { return moelora_slot_table_destroy(nullptr, nullptr); }}};
}

InvalidCalls loads(const Valid &valid) {
  auto estimate = [&](Handle table, bool adapter, bool cost) {
    moelora_slot_cost to = {};
    return moelora_slot_table_estimate(table,
                                       adapter ? valid.adapter.get() : nullptr,
                                       cost ? &to : nullptr, nullptr);
  };
  auto assign = [&](Handle table, bool name, bool adapter, bool id) {
    int32_t to = -1;
    return moelora_slot_table_assign(table, name ? "b" : nullptr,
                                     adapter ? valid.adapter.get() : nullptr,
                                     nullptr, id ? &to : nullptr, nullptr);
  };
  auto replace = [&](Handle table, bool adapter) {
    return moelora_slot_table_replace(table, 0,
                                      adapter ? valid.adapter.get() : nullptr,
                                      nullptr, nullptr, nullptr);
  };
  return {
      {"moelora_slot_table_estimate", "table", invalid,
       [=] { return estimate(nullptr, true, true); }},
      {"moelora_slot_table_estimate", "adapter", invalid,
       withTable(valid, [=](Handle t) { return estimate(t, false, true); })},
      {"moelora_slot_table_estimate", "cost", invalid,
       withTable(valid, [=](Handle t) { return estimate(t, true, false); })},
      {"moelora_slot_table_assign", "table", invalid,
       [=] { return assign(nullptr, true, true, true); }},
      {"moelora_slot_table_assign", "name", invalid,
       withTable(valid,
                 [=](Handle t) { return assign(t, false, true, true); })},
      {"moelora_slot_table_assign", "adapter", invalid,
       withTable(valid,
                 [=](Handle t) { return assign(t, true, false, true); })},
      {"moelora_slot_table_assign", "id", invalid,
       withTable(valid,
                 [=](Handle t) { return assign(t, true, true, false); })},
      {"moelora_slot_table_replace", "table", invalid,
       [=] { return replace(nullptr, true); }},
      {"moelora_slot_table_replace", "adapter", invalid,
       withTable(valid, [=](Handle t) { return replace(t, false); })}};
}

InvalidCalls others(const Valid &valid) {
  moelora_lease none = {};
  return {
      {"moelora_slot_table_acquire", "table", invalid,
       [] {
         moelora_lease to = {};
         return moelora_slot_table_acquire(nullptr, "a", &to, nullptr);
       }},
      // There is no adapter without a name.
      {"moelora_slot_table_acquire", "name", MOELORA_NOT_FOUND,
       withTable(valid,
                 [](Handle t) {
                   moelora_lease to = {};
                   return moelora_slot_table_acquire(t, nullptr, &to, nullptr);
                 })},
      {"moelora_slot_table_acquire", "lease", invalid,
       withTable(valid,
                 [](Handle t) {
                   return moelora_slot_table_acquire(t, "a", nullptr, nullptr);
                 })},
      {"moelora_slot_table_release", "table", invalid,
       [=] { return moelora_slot_table_release(nullptr, &none, nullptr); }},
      {"moelora_slot_table_release", "lease", invalid,
       withTable(valid,
                 [](Handle t) {
                   return moelora_slot_table_release(t, nullptr, nullptr);
                 })},
      {"moelora_slot_table_enable", "table", invalid,
       [] {
         return moelora_slot_table_enable(nullptr, 0, 1, nullptr, nullptr);
       }},
      {"moelora_slot_table_evict", "table", invalid,
       [] { return moelora_slot_table_evict(nullptr, 0, nullptr); }},
      {"moelora_slot_table_reset", "table", invalid,
       [] { return moelora_slot_table_reset(nullptr, nullptr); }}};
}

} // namespace

InvalidCalls moelora::test::invalidSlotTable(const Valid &valid) {
  InvalidCalls all = tables(valid);
  for (InvalidCalls more : {loads(valid), others(valid)})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}
