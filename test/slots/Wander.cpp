/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "Actions.h"
#include "Explorer.h"

#include <random>

using namespace moelora;
using namespace moelora::test;

namespace {

void take(World &world, Action action, Exploration &all) {
  world.full = world.busy = world.late = 0;
  ++all.transitions;
  all.way.push_back(describe(action));
  apply(world, action);
  world.check();
  all.full += world.full;
  all.busy += world.busy;
  all.late += world.late > 0;
}

} // namespace

Exploration moelora::test::wander(const Bounds &bounds, size_t walks,
                                  size_t length, uint32_t seed) {
  Exploration all;
  std::mt19937 random(seed);
  Ground ground;
  all.depth = length;
  for (size_t walk = 0; walk < walks; ++walk) {
    World world(ground, bounds);
    all.way.clear();
    try {
      for (size_t i = 0; i < length; ++i) {
        std::vector<Action> actions = actionsOf(world);
        take(world, actions[random() % actions.size()], all);
      }
      world.end();
    } catch (const Violation &violation) {
      all.broken = violation.text;
      return all;
    }
  }
  all.way.clear();
  return all;
}
