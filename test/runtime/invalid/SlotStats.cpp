/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls of SlotStats.h.
 */
#include "Slots.h"

using namespace moelora::test;

InvalidCalls moelora::test::invalidSlotStats(const Valid &valid) {
  using Handle = moelora_slot_table *;
  return {
      {"moelora_slot_table_read_stats", "table", invalid,
       [] {
         moelora_slot_table_stats to = {};
         to.size = sizeof to;
         return moelora_slot_table_read_stats(nullptr, &to, nullptr);
       }},
      {"moelora_slot_table_read_stats", "stats", invalid,
       withTable(valid,
                 [](Handle t) {
                   return moelora_slot_table_read_stats(t, nullptr, nullptr);
                 })},
      {"moelora_slot_table_inspect", "table", invalid,
       [] {
         moelora_slot_info to = {};
         to.size = sizeof to;
         return moelora_slot_table_inspect(nullptr, 0, &to, nullptr);
       }},
      {"moelora_slot_table_inspect", "info", invalid,
       withTable(valid,
                 [](Handle t) {
                   return moelora_slot_table_inspect(t, 0, nullptr, nullptr);
                 })},
      {"moelora_slot_table_digest", "table", invalid,
       [] {
         uint64_t digest = 0;
         return moelora_slot_table_digest(nullptr, &digest, nullptr);
       }},
      {"moelora_slot_table_digest", "digest", invalid,
       withTable(valid,
                 [](Handle t) {
                   return moelora_slot_table_digest(t, nullptr, nullptr);
                 })},
      {"moelora_slot_table_observe", "table", invalid, [] {
         return moelora_slot_table_observe(nullptr, nullptr, nullptr, nullptr);
       }}};
}
