/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "collectives/Messages.h"

#include "device/Handles.h"

#include <algorithm>
#include <cstring>

using namespace moelora;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

static void copy(const void *from, uint64_t begin, void *to, uint64_t bytes) {
  if (bytes)
    std::memcpy(to, static_cast<const char *>(from) + begin, bytes);
}

/// Throws the error of a call of a transport.
static void expect(moelora_status status, moelora_error *error) {
  if (status != MOELORA_OK)
    failWith(status, error);
}

Messages::Messages(int32_t deadline, moelora_exchange_stats &stats)
    : end(steady_clock::now() + milliseconds(deadline)), stats(stats) {
  ++stats.exchanges;
}

int64_t Messages::remaining() const {
  auto left =
      std::chrono::duration_cast<milliseconds>(end - steady_clock::now());
  return std::max<int64_t>(left.count(), 0);
}

void Messages::allGather(Subgroup &subgroup, const void *send, void *receive) {
  uint64_t own = subgroup.bytes[subgroup.self];
  if (!subgroup.transport)
    return copy(send, 0, receive, own);
  moelora_error *error = nullptr;
  expect(subgroup.transport->all_gather_v(subgroup.transport->context, send,
                                          receive, subgroup.bytes.data(),
                                          remaining(), &error),
         error);
  ++stats.messages;
  stats.sent += own * (subgroup.members.size() - 1);
  for (uint64_t bytes : subgroup.bytes)
    stats.received += bytes;
  stats.received -= own;
}

void Messages::allToAll(Subgroup &subgroup, const void *send, void *receive) {
  if (!subgroup.transport)
    return copy(send, subgroup.begin[0], receive, subgroup.bytes[0]);
  moelora_error *error = nullptr;
  expect(subgroup.transport->all_to_all_v(
             subgroup.transport->context, send, subgroup.bytes.data(),
             subgroup.begin.data(), receive, subgroup.received.data(),
             subgroup.receivedBegin.data(), remaining(), &error),
         error);
  ++stats.messages;
  for (size_t i = 0; i < subgroup.members.size(); ++i) {
    if (i == subgroup.self)
      continue;
    stats.sent += subgroup.bytes[i];
    stats.received += subgroup.received[i];
  }
}
