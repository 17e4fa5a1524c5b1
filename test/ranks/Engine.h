/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What an engine does on one peer rank.
 */
#ifndef MOELORA_TEST_RANKS_ENGINE_H
#define MOELORA_TEST_RANKS_ENGINE_H

#include "../collectives/Peer.h"
#include "../runtime/Tables.h"
#include "moelora/runtime/SlotPublish.h"

namespace moelora::test {

/// A peer rank with a group, a slot table and a step.
class Engine {
public:
  explicit Engine(const moelora_transport &transport) { join(transport, 3000); }
  ~Engine() {
    leave();
    moelora_staged_abandon(staged);
  }

  void join(const moelora_transport &transport, int32_t deadline);
  /// Ends the group. What is staged stays.
  void leave();
  /// Stages and publishes an adapter, runs a step with it, and evicts every
  /// other one. Returns the first error.
  Outcome serve(int number);
  /// Makes the tables of a new group equal, and compares their digests.
  void reconcile();

private:
  Outcome publish();
  void checkStep(int number);

  int32_t rank = 0, ranks = 0;
  GroupOwner group;
  Table table{3};
  std::unique_ptr<Step> step;
  moelora_staged *staged = nullptr;
  int32_t id = -1;
};

} // namespace moelora::test

#endif // MOELORA_TEST_RANKS_ENGINE_H
