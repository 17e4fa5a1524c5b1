/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What may happen next in a world, by name.
 */
#ifndef MOELORA_TEST_SLOTS_ACTIONS_H
#define MOELORA_TEST_SLOTS_ACTIONS_H

#include "World.h"

namespace moelora::test {

struct Action {
  enum Kind : int8_t {
    BeginLoad,
    EndLoad,
    FailLoad,
    Acquire,
    Run,
    Release,
    Replace,
    Toggle,
    Evict,
    EvictIfIdle,
    Reset,
    Drain,
    Step,
  } kind;
  int8_t what = 0;   ///< an adapter, a slot or a lease
  int8_t stream = 0; ///< or atOnce
};

/// All that callers who keep to the rules, and streams, may do.
std::vector<Action> actionsOf(const World &world);
void apply(World &world, Action action);
/// "replace the adapter of slot 0, on stream 1"
std::string describe(Action action);

} // namespace moelora::test

#endif // MOELORA_TEST_SLOTS_ACTIONS_H
