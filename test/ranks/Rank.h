/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * One peer rank, with a slot table, and a transport that can fail.
 */
#ifndef MOELORA_TEST_RANKS_RANK_H
#define MOELORA_TEST_RANKS_RANK_H

#include "../collectives/Peer.h"
#include "../runtime/Tables.h"
#include "moelora/runtime/GroupSlots.h"
#include "moelora/runtime/GroupStep.h"

#include <gmock/gmock.h>

namespace moelora::test {

/// A transport that fails at one of its calls, or does something else there.
class Interrupted {
public:
  explicit Interrupted(const moelora_transport &inner);
  ~Interrupted() { moelora_transport_close(&inner); }
  Interrupted(const Interrupted &) = delete;

  const moelora_transport &get() const { return transport; }
  /// The next call is number 0. If it is `sent`, the others do not see that it
  /// fails.
  void failAt(int call, bool sent) { left = call, after = sent; }
  /// Calls `body` instead of failing.
  void interruptAt(int call, std::function<void()> body) {
    left = call, instead = std::move(body);
  }

private:
  static moelora_status gather(void *context, const void *send, void *receive,
                               const uint64_t *bytes, int64_t timeout,
                               moelora_error **error);

  const moelora_transport &inner;
  moelora_transport transport;
  int left = -1;
  bool after = false;
  std::function<void()> instead;
};

/// One peer rank. What it has staged is abandoned in the end.
struct Rank {
  Rank(int number, int slots)
      : number(number), table(std::make_unique<Table>(slots)) {}
  ~Rank() { abandon(); }
  Rank(const Rank &) = delete;

  Outcome stage(const char *name, const Opened &adapter, int32_t id = -1) {
    abandon();
    moelora_error *error = nullptr;
    Outcome result;
    result.status = moelora_slot_table_stage(
        table->table, name, id, adapter.get(), nullptr, &staged, &error);
    result.text = moelora_error_text(error);
    failed.reset(error);
    return result;
  }
  Outcome publish() {
    Outcome result =
        outcome(moelora_group_publish, group.get(), table->table, staged,
                static_cast<const moelora_error *>(failed.get()),
                static_cast<moelora_stream *>(nullptr), &id);
    if (result.status == MOELORA_OK)
      staged = nullptr;
    return result;
  }
  Outcome evict(int32_t of) {
    return outcome(moelora_group_evict, group.get(), table->table, of,
                   static_cast<moelora_stream *>(nullptr));
  }
  Outcome reconcile() {
    Outcome result =
        outcome(moelora_group_reconcile, group.get(), table->table, staged,
                static_cast<moelora_stream *>(nullptr), &id);
    if (result.status == MOELORA_OK && id >= 0)
      staged = nullptr;
    return result;
  }
  void abandon() {
    moelora_staged_abandon(staged);
    staged = nullptr;
    failed.reset();
  }
  uint64_t digest() const {
    uint64_t digest = 0;
    EXPECT_EQ(moelora_slot_table_digest(table->table, &digest, nullptr),
              MOELORA_OK);
    return digest;
  }

  int number;
  std::unique_ptr<Interrupted> transport;
  GroupOwner group;
  std::unique_ptr<Table> table;
  moelora_staged *staged = nullptr;
  std::unique_ptr<moelora_error, void (*)(moelora_error *)> failed{
      nullptr, moelora_error_free};
  int32_t id = -1; ///< of the last publication
};

} // namespace moelora::test

#endif // MOELORA_TEST_RANKS_RANK_H
