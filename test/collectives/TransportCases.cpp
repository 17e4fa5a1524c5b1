/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The functions of a transport.
 */
#include "Peer.h"

#include <algorithm>

using namespace moelora::test;

namespace {

/// Gathers bytes(r) bytes of each peer rank r of a transport.
template <typename Bytes>
void checkGather(const moelora_transport &transport, uint64_t seed,
                 Bytes bytes) {
  std::vector<uint64_t> counts;
  std::vector<char> expected;
  for (int32_t r = 0; r < transport.ranks; ++r) {
    counts.push_back(bytes(r));
    std::vector<char> theirs = bytesOf(seed, r, counts.back());
    expected.insert(expected.end(), theirs.begin(), theirs.end());
  }
  std::vector<char> own =
      bytesOf(seed, transport.rank, counts[size_t(transport.rank)]);
  expected.push_back('!'); // is not written
  std::vector<char> received(expected.size(), '!');
  Outcome result = gather(transport, own.data(), received.data(), counts);
  expect(result.status == MOELORA_OK, result.text);
  expect(received == expected, "the bytes differ from those that were sent");
}

void gathersUnevenBytes(Peer &peer) {
  checkGather(peer.transport, 1, [](int32_t r) { return uint64_t(r) * 7 + 1; });
  checkGather(peer.transport, 2,
              [](int32_t r) { return uint64_t(3 * (r % 2)); });
  checkGather(peer.transport, 3, [](int32_t r) { return uint64_t(r == 0); });
}

void gathersNothing(Peer &peer) {
  std::vector<uint64_t> none(size_t(peer.ranks()));
  Outcome result = gather(peer.transport, nullptr, nullptr, none);
  expect(result.status == MOELORA_OK, result.text);
}

void gathersLargeMessages(Peer &peer) {
  checkGather(peer.transport, 4,
              [](int32_t r) { return uint64_t(1 << 20) + uint64_t(r); });
}

/// The bytes from one peer rank to another.
uint64_t pairBytes(int32_t from, int32_t to) {
  return uint64_t(from * 5 + to * 3) % 11 * (from == to + 1 ? 0 : 1);
}

std::vector<char> pairContent(int32_t from, int32_t to) {
  return bytesOf(uint64_t(from) + 100, to, pairBytes(from, to));
}

void exchangesUnevenBytes(Peer &peer) {
  constexpr uint64_t space = 16; // between what two peer ranks receive
  size_t ranks = size_t(peer.ranks());
  std::vector<uint64_t> sendBytes, sendBegin, receiveBytes, receiveBegin;
  std::vector<char> send(space * ranks, '-'), expected(space * ranks, '!');
  for (int32_t r = 0; r < peer.ranks(); ++r) {
    // In descending order, to show that the beginnings are heeded.
    sendBegin.push_back(space * uint64_t(peer.ranks() - 1 - r));
    receiveBegin.push_back(space * uint64_t(r) + 2);
    sendBytes.push_back(pairBytes(peer.rank(), r));
    receiveBytes.push_back(pairBytes(r, peer.rank()));
    std::vector<char> to = pairContent(peer.rank(), r);
    std::vector<char> from = pairContent(r, peer.rank());
    std::copy(to.begin(), to.end(), send.begin() + long(sendBegin.back()));
    std::copy(from.begin(), from.end(),
              expected.begin() + long(receiveBegin.back()));
  }
  std::vector<char> received(expected.size(), '!');
  must(peer.transport.all_to_all_v, peer.transport.context,
       static_cast<const void *>(send.data()),
       static_cast<const uint64_t *>(sendBytes.data()),
       static_cast<const uint64_t *>(sendBegin.data()),
       static_cast<void *>(received.data()),
       static_cast<const uint64_t *>(receiveBytes.data()),
       static_cast<const uint64_t *>(receiveBegin.data()), int64_t(20000));
  expect(received == expected, "the bytes differ from those that were sent");
}

void splitsByColour(Peer &peer) {
  TransportOwner half = split(peer.transport, peer.rank() % 2, peer.rank());
  expect(half->rank == peer.rank() / 2,
         "its rank is " + std::to_string(half->rank));
  expect(half->ranks == (peer.ranks() + 1 - peer.rank() % 2) / 2,
         "it has " + std::to_string(half->ranks) + " ranks");
  checkGather(*half, 5 + uint64_t(peer.rank() % 2),
              [](int32_t r) { return uint64_t(r + 2); });
  // The whole transport is still usable.
  checkGather(peer.transport, 7, [](int32_t) { return uint64_t(9); });
}

void ordersByKey(Peer &peer) {
  TransportOwner reversed = split(peer.transport, 3, -peer.rank());
  expect(reversed->rank == peer.ranks() - 1 - peer.rank(),
         "its rank is " + std::to_string(reversed->rank));
  checkGather(*reversed, 8, [](int32_t r) { return uint64_t(r); });
}

void splitsSubgroups(Peer &peer) {
  TransportOwner half = split(peer.transport, peer.rank() / 2, 0);
  TransportOwner alone = split(*half, half->rank, 0);
  expect(alone->ranks == 1, "it has more than one rank");
  checkGather(*alone, 9, [](int32_t) { return uint64_t(5); });
  checkGather(*half, 10, [](int32_t r) { return uint64_t(r * 2); });
}

} // namespace

std::vector<Case> moelora::test::transportCases() {
  return {{"gathers_uneven_bytes", gathersUnevenBytes},
          {"gathers_nothing", gathersNothing},
          {"gathers_large_messages", gathersLargeMessages},
          {"exchanges_uneven_bytes", exchangesUnevenBytes},
          {"splits_by_colour", splitsByColour},
          {"orders_by_key", ordersByKey},
          {"splits_subgroups", splitsSubgroups}};
}
