/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The state of a group: subgroups of the transport, memory for exchanges, and
 * the first error.
 */
#ifndef MOELORA_RUNTIME_COLLECTIVES_GROUPSTATE_H
#define MOELORA_RUNTIME_COLLECTIVES_GROUPSTATE_H

#include "collectives/Chunk.h"
#include "moelora/runtime/Group.h"

#include <array>
#include <atomic>
#include <string>

struct moelora_group {
  moelora_group(const moelora_transport &transport, const moelora::Grid &grid,
                int32_t deadline);
  moelora_group(const moelora_group &) = delete;

  void share(int64_t own);
  void run(const moelora_exchange *exchange);
  void reserve(int64_t rows, uint64_t rowBytes);
  /// Gathers the same number of bytes from each peer rank.
  void gather(const void *own, uint64_t bytes, void *all,
              moelora::Messages &messages);
  /// Gathers a text of any length from each peer rank, in two messages.
  std::vector<std::string> gatherTexts(const std::string &own,
                                       moelora::Messages &messages);
  /// Makes the group unusable, and wakes its peer ranks.
  void remember(moelora_status status, const std::string &text) noexcept;
  /// Fails with the first error, if there was one.
  void expectHealthy() const;
  bool isBroken() const { return firstStatus != MOELORA_OK; }
  /// Calls `body`, which may throw. If it does, the group is unusable.
  template <typename Body> void attempt(Body body);

  const moelora_transport &transport;
  const moelora::Grid grid;
  int32_t deadline;            ///< in milliseconds
  std::vector<int64_t> tokens; ///< by peer rank
  moelora_group_view view = {};
  moelora_exchange_stats gathers = {}, reductions = {};
  std::atomic<int64_t> layers{0};     ///< that are bound to it
  std::atomic<int64_t> steps{0};      ///< that have joined it
  std::atomic<uint64_t> unmatched{0}; ///< ids of peer ranks

private:
  void makeSubgroup(uint32_t axes);
  void runChecked(const moelora_exchange &exchange);
  void gatherNow(const void *own, uint64_t bytes, void *all,
                 moelora::Messages &messages);
  std::vector<std::string> exchangeTexts(const std::string &own,
                                         moelora::Messages &messages);

  /// By set of axes, of which none has size 1.
  std::array<moelora::Subgroup, moelora::allAxes + 1> subgroups;
  moelora::Scratch scratch;
  std::atomic<moelora_status> firstStatus{MOELORA_OK};
  std::string firstError; ///< written before firstStatus
};

#endif // MOELORA_RUNTIME_COLLECTIVES_GROUPSTATE_H
