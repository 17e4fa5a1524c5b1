/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Cases that the peer ranks of any transport run together. Each peer rank knows
 * what the others send, because all compute it from the same seed.
 */
#ifndef MOELORA_TEST_COLLECTIVES_PEER_H
#define MOELORA_TEST_COLLECTIVES_PEER_H

#include "moelora/runtime/Group.h"

#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace moelora::test {

/// Ends the case on this peer rank.
void expect(bool holds, const std::string &text);

struct Outcome {
  moelora_status status = MOELORA_OK;
  std::string text;
};

/// Calls a function of the C interface without its last argument.
template <typename Function, typename... Arguments>
Outcome outcome(Function function, Arguments... arguments) {
  moelora_error *error = nullptr;
  Outcome result;
  result.status = function(arguments..., &error);
  result.text = moelora_error_text(error);
  moelora_error_free(error);
  return result;
}

template <typename Function, typename... Arguments>
void must(Function function, Arguments... arguments) {
  Outcome result = outcome(function, arguments...);
  expect(result.status == MOELORA_OK, "it failed: " + result.text);
}

using TransportOwner = std::unique_ptr<const moelora_transport,
                                       decltype(&moelora_transport_close)>;
struct GroupCloser {
  void operator()(moelora_group *group) const {
    moelora_group_destroy(group, nullptr);
  }
};
using GroupOwner = std::unique_ptr<moelora_group, GroupCloser>;

/// One peer rank of a case.
struct Peer {
  const moelora_transport &transport;
  uint64_t seed;
  int count;                   ///< of random exchanges
  std::function<void()> began; ///< called after the first exchange, or later

  int32_t rank() const { return transport.rank; }
  int32_t ranks() const { return transport.ranks; }
  GroupOwner group(int32_t dp, int32_t ep, int32_t tp,
                   int32_t deadline = 0) const;
};

/// Some bytes that depend on all arguments.
std::vector<char> bytesOf(uint64_t seed, int32_t rank, uint64_t count);
/// Some floats of very different sizes, so that the order of a sum matters.
std::vector<float> floatsOf(uint64_t seed, int32_t rank, uint64_t count);

Outcome gather(const moelora_transport &transport, const void *send,
               void *receive, const std::vector<uint64_t> &bytes,
               int64_t timeout = 20000);
TransportOwner split(const moelora_transport &transport, int32_t colour,
                     int32_t key);

/// Calls `body`, and returns how long that took.
template <typename Body> int64_t millisecondsOf(Body body) {
  auto begin = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now() - begin)
      .count();
}

struct Case {
  const char *name;
  void (*run)(Peer &peer);
};

std::vector<Case> transportCases();
std::vector<Case> groupCases();
/// After these, the transport is unusable.
std::vector<Case> lossCases();
/// Needs a test that stops or kills a peer rank when all have begun.
Case lostPeerCase();

} // namespace moelora::test

#endif // MOELORA_TEST_COLLECTIVES_PEER_H
