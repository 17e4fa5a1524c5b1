/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls of GroupStep.h.
 */
#include "moelora/runtime/GroupStep.h"
#include "Groups.h"

using namespace moelora::test;

InvalidCalls moelora::test::invalidGroupStep(const Valid &valid) {
  using Group = moelora_group *;
  using Handle = moelora_slot_table *;
  return {{"moelora_step_join", "step", invalid,
           withGroupAndTable(valid,
                             [](Group group, Handle) -> int64_t {
                               return moelora_step_join(nullptr, group, 1,
                                                        nullptr);
                             })},
          {"moelora_step_join", "group", invalid,
           withTable(valid,
                     [](Handle table) -> int64_t {
                       Step step(table);
                       return moelora_step_join(step.step, nullptr, 1, nullptr);
                     })},
          {"moelora_step_peer_numbers", "step", 0,
           [] { return moelora_step_peer_numbers(nullptr) ? 1 : 0; }}};
}
