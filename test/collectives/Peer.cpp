/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "Peer.h"

#include <cmath>

using namespace moelora::test;

void moelora::test::expect(bool holds, const std::string &text) {
  if (!holds)
    throw std::runtime_error(text);
}

static std::mt19937_64 randomOf(uint64_t seed, int32_t rank) {
  return std::mt19937_64(seed * 1000003 + uint64_t(rank));
}

std::vector<char> moelora::test::bytesOf(uint64_t seed, int32_t rank,
                                         uint64_t count) {
  std::mt19937_64 random = randomOf(seed, rank);
  std::vector<char> bytes(count);
  for (char &byte : bytes)
    byte = char(random());
  return bytes;
}

std::vector<float> moelora::test::floatsOf(uint64_t seed, int32_t rank,
                                           uint64_t count) {
  std::mt19937_64 random = randomOf(seed, rank);
  std::vector<float> floats(count);
  for (float &value : floats) {
    float fraction = float(int32_t(random())) / 2147483648.0f;
    value = std::ldexp(fraction, int(random() % 24));
  }
  return floats;
}

GroupOwner Peer::group(int32_t dp, int32_t ep, int32_t tp,
                       int32_t deadline) const {
  moelora_group_options options = {sizeof options, 0, dp, ep, tp, deadline};
  moelora_group *group = nullptr;
  must(moelora_group_create, &transport, &options, &group);
  return GroupOwner(group);
}

Outcome moelora::test::gather(const moelora_transport &transport,
                              const void *send, void *receive,
                              const std::vector<uint64_t> &bytes,
                              int64_t timeout) {
  return outcome(transport.all_gather_v, transport.context, send, receive,
                 bytes.data(), timeout);
}

TransportOwner moelora::test::split(const moelora_transport &transport,
                                    int32_t colour, int32_t key) {
  const moelora_transport *subgroup = nullptr;
  must(transport.split, transport.context, colour, key, int64_t(20000),
       &subgroup);
  must(moelora_transport_check, subgroup);
  return TransportOwner(subgroup, moelora_transport_close);
}
