/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Messages of one exchange: the peers that make it, and calls of a transport
 * with what is left of the deadline.
 */
#ifndef MOELORA_RUNTIME_COLLECTIVES_MESSAGES_H
#define MOELORA_RUNTIME_COLLECTIVES_MESSAGES_H

#include "moelora/runtime/Group.h"

#include <chrono>
#include <memory>
#include <vector>

namespace moelora {

/// The peers over a set of axes.
struct Subgroup {
  const moelora_transport *transport = nullptr; ///< NULL: one peer
  /// The same, if it was split from that of the group.
  std::unique_ptr<const moelora_transport, decltype(&moelora_transport_close)>
      owned{nullptr, moelora_transport_close};
  std::vector<int32_t> members; ///< peer ranks of the group, ascending
  size_t self = 0;              ///< the position of this one
  // Of one message, by member. A gather has bytes only.
  std::vector<uint64_t> bytes, begin, received, receivedBegin;
  std::vector<int64_t> segments; ///< for reduce: rows, by coordinates in keep
};

/// The calls of the transport for one exchange.
class Messages {
public:
  Messages(int32_t deadline, moelora_exchange_stats &stats);

  /// Gathers subgroup.bytes.
  void allGather(Subgroup &subgroup, const void *send, void *receive);
  /// Sends subgroup.bytes from begin, and receives subgroup.received.
  void allToAll(Subgroup &subgroup, const void *send, void *receive);

private:
  int64_t remaining() const;

  std::chrono::steady_clock::time_point end;
  moelora_exchange_stats &stats;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_COLLECTIVES_MESSAGES_H
