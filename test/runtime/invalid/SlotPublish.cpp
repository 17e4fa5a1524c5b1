/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls of SlotPublish.h.
 */
#include "moelora/runtime/SlotPublish.h"
#include "Slots.h"

using namespace moelora::test;

namespace {

using Handle = moelora_slot_table *;

/// A call with something that is staged, in a table.
template <typename Body>
std::function<int64_t()> withStaged(const Valid &valid, Body body) {
  return withTable(valid, [&valid, body](Handle table) -> int64_t {
    moelora_staged *staged = nullptr;
    if (moelora_slot_table_stage(table, "b", -1, valid.adapter.get(), nullptr,
                                 &staged, nullptr) != MOELORA_OK)
      return -100;
    int64_t answer = body(table, staged);
    moelora_staged_abandon(staged);
    return answer;
  });
}

InvalidCalls stages(const Valid &valid) {
  auto stage = [&](Handle table, bool adapter, bool staged) {
    moelora_staged *to = nullptr;
    return moelora_slot_table_stage(table, "b", -1,
                                    adapter ? valid.adapter.get() : nullptr,
                                    nullptr, staged ? &to : nullptr, nullptr);
  };
  return {{"moelora_slot_table_stage", "table", invalid,
           [=] { return stage(nullptr, true, true); }},
          {"moelora_slot_table_stage", "adapter", invalid,
           withTable(valid, [=](Handle t) { return stage(t, false, true); })},
          {"moelora_slot_table_stage", "staged", invalid,
           withTable(valid, [=](Handle t) { return stage(t, true, false); })},
          {"moelora_staged_abandon", "staged", 0,
           returns(moelora_staged_abandon, nullptr)}};
}

InvalidCalls targets(const Valid &valid) {
  auto target = [](moelora_staged *staged, bool slot, bool generation) {
    int32_t slotTo = -1;
    uint32_t generationTo = 0;
    return moelora_staged_target(staged, slot ? &slotTo : nullptr,
                                 generation ? &generationTo : nullptr, nullptr);
  };
  return {{"moelora_staged_target", "staged", invalid,
           [=] { return target(nullptr, true, true); }},
          {"moelora_staged_target", "slot", invalid,
           withStaged(valid,
                      [=](Handle, moelora_staged *staged) {
                        return target(staged, false, true);
                      })},
          {"moelora_staged_target", "generation", invalid,
           withStaged(valid, [=](Handle, moelora_staged *staged) {
             return target(staged, true, false);
           })}};
}

InvalidCalls publishes(const Valid &valid) {
  auto publish = [](Handle table, moelora_staged *staged, bool id) {
    int32_t to = -1;
    return moelora_slot_table_publish_at(table, staged, 1, 0, nullptr,
                                         id ? &to : nullptr, nullptr);
  };
  return {
      {"moelora_slot_table_publish_at", "table", invalid,
       withStaged(valid,
                  [=](Handle, moelora_staged *staged) {
                    return publish(nullptr, staged, true);
                  })},
      {"moelora_slot_table_publish_at", "staged", invalid,
       withTable(valid, [=](Handle t) { return publish(t, nullptr, true); })},
      {"moelora_slot_table_publish_at", "id", invalid,
       withStaged(valid,
                  [=](Handle t, moelora_staged *staged) {
                    return publish(t, staged, false);
                  })},
      {"moelora_slot_table_evict_at", "table", invalid, [] {
         return moelora_slot_table_evict_at(nullptr, 0, 1, nullptr, nullptr);
       }}};
}

} // namespace

InvalidCalls moelora::test::invalidSlotPublish(const Valid &valid) {
  InvalidCalls all = stages(valid);
  for (InvalidCalls more : {targets(valid), publishes(valid)})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}
