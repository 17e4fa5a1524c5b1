/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls of Step.h.
 */
#include "Slots.h"

using namespace moelora::test;

InvalidCalls moelora::test::invalidStep(const Valid &valid) {
  using Handle = moelora_slot_table *;
  return {{"moelora_step_create", "table", invalid,
           [] {
             moelora_step *to = nullptr;
             return moelora_step_create(nullptr, nullptr, 1, &to, nullptr);
           }},
          {"moelora_step_create", "step", invalid,
           withTable(valid,
                     [](Handle t) {
                       return moelora_step_create(t, nullptr, 1, nullptr,
                                                  nullptr);
                     })},
          {"moelora_step_destroy", "step", 0,
           [] { return moelora_step_destroy(nullptr, nullptr); }},
          {"moelora_step_enter", "step", invalid,
           [] { return moelora_step_enter(nullptr, nullptr, nullptr); }},
          {"moelora_step_leave", "step", invalid,
           [] { return moelora_step_leave(nullptr, nullptr, nullptr); }},
          {"moelora_step_resolve", "step", invalid,
           [] {
             int32_t id = -1;
             return moelora_step_resolve(nullptr, nullptr, &id, 1, nullptr,
                                         nullptr);
           }},
          {"moelora_step_resolve", "ids", invalid,
           withTable(valid,
                     [](Handle t) -> int64_t {
                       Step step(t);
                       return moelora_step_resolve(step.step, nullptr, nullptr,
                                                   1, nullptr, nullptr);
                     })},
          {"moelora_step_view_of", "step", 0,
           [] { return moelora_step_view_of(nullptr) ? 1 : 0; }}};
}
