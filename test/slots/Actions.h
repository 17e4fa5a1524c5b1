/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The possible next actions in a world, by name.
 */
#ifndef MOELORA_TEST_SLOTS_ACTIONS_H
#define MOELORA_TEST_SLOTS_ACTIONS_H

#include "World.h"

namespace moelora::test {

struct Action {
  enum Kind : int8_t {
    Assign,
    Replace,
    Toggle,
    Evict,
    EvictAt,
    Acquire,
    Release,
    Enter,
    Resolve,
    Run,
    Leave,
    Replay,
    Stage,
    PublishAt,
    Abandon,
    Look,
    DoNext,
  } kind;
  int8_t what = 0; ///< a slot, or a step
  int8_t stream = 0;
};

/// All that callers who keep to the rules, and streams, may do.
std::vector<Action> actionsOf(const World &world);
void apply(World &world, Action action);
/// "replace the adapter of slot 0, on stream 1"
std::string describe(Action action);

} // namespace moelora::test

#endif // MOELORA_TEST_SLOTS_ACTIONS_H
