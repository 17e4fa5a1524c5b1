/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Peer ranks that fail or do not come. All others must report an error in time,
 * and every call after it must fail at once. Peer rank 0 is never the one that
 * is missing.
 */
#include "Exchanges.h"

using namespace moelora::test;

namespace {

constexpr int64_t atOnce = 500, inTime = 10000; // milliseconds

bool isLast(const Peer &peer) { return peer.rank() == peer.ranks() - 1; }

Outcome gatherOne(const moelora_transport &transport, int64_t timeout) {
  std::vector<uint64_t> ones(size_t(transport.ranks), 1);
  std::vector<char> received(size_t(transport.ranks));
  return gather(transport, "x", received.data(), ones, timeout);
}

/// The call fails with PEER_LOST within a time.
template <typename Call> void expectLost(Call call, int64_t within) {
  Outcome result;
  int64_t took = millisecondsOf([&] { result = call(); });
  expect(result.status == MOELORA_PEER_LOST,
         "expected PEER_LOST, but the status is " +
             std::to_string(result.status) + ": " + result.text);
  expect(!result.text.empty(), "the error has no text");
  expect(took <= within, "it took " + std::to_string(took) + " ms");
}

void expectUnusable(const moelora_transport &transport) {
  expectLost([&] { return gatherOne(transport, inTime); }, atOnce);
  expectLost(
      [&] {
        const moelora_transport *subgroup = nullptr;
        return outcome(transport.split, transport.context, 0, 0, inTime,
                       &subgroup);
      },
      atOnce);
}

void endsAtTheDeadline(Peer &peer) {
  TransportOwner pair = split(peer.transport, 0, 0);
  if (isLast(peer))
    return; // never comes
  expectLost([&] { return gatherOne(*pair, 300); }, inTime);
  expectUnusable(*pair);
  expectUnusable(peer.transport);
}

void isWokenByAbort(Peer &peer) {
  TransportOwner pair = split(peer.transport, 0, 0);
  if (isLast(peer)) {
    peer.transport.abort(peer.transport.context);
  } else {
    // The deadline is much later.
    expectLost([&] { return gatherOne(*pair, 60000); }, inTime);
  }
  expectUnusable(*pair);
  expectUnusable(peer.transport);
}

/// Messages that a transport cannot count. The loopback counts all.
void refusesLargeMessages(Peer &peer) {
  constexpr uint64_t large = uint64_t(1) << 31;
  if (std::string(peer.transport.name) == "loopback")
    return;
  std::vector<uint64_t> bytes(size_t(peer.ranks()));
  bytes.back() = large;
  // The buffers have no such size, so only a refusal is right.
  Outcome refused = gather(peer.transport, nullptr, nullptr, bytes);
  expect(refused.status == MOELORA_UNSUPPORTED ||
             refused.status == MOELORA_PEER_LOST,
         "the status is " + std::to_string(refused.status));
  expect(refused.status == MOELORA_PEER_LOST ||
             refused.text.find(std::to_string(large)) != std::string::npos,
         "it does not state the number: " + refused.text);
  expectUnusable(peer.transport);
}

Outcome reduceOver(moelora_group *group, uint32_t over, uint64_t rowBytes) {
  std::vector<float> rows(64);
  moelora_exchange_operand operand = {rows.data(), rows.data(), rowBytes, 0};
  moelora_exchange exchange = {};
  exchange.size = sizeof exchange;
  exchange.kind = MOELORA_EXCHANGE_REDUCE;
  exchange.over = over;
  exchange.group = moelora_group_view_of(group);
  exchange.operand = &operand;
  exchange.operands = 1;
  return outcome(moelora_group_run, group,
                 static_cast<const moelora_exchange *>(&exchange));
}

/// One peer rank refuses its arguments; the others do not wait for it.
void endsGroupsOfAllPeers(Peer &peer) {
  GroupOwner group = peer.group(1, 1, peer.ranks(), 60000);
  must(moelora_group_reserve, group.get(), int64_t(4), uint64_t(16));
  std::vector<int64_t> tokens(size_t(peer.ranks()), 4);
  must(moelora_group_set_tokens, group.get(),
       static_cast<const int64_t *>(tokens.data()));
  Outcome first = reduceOver(group.get(), MOELORA_AXIS_TP, 16);
  // The error of the last peer rank may come while others still wait here.
  expect(first.status == MOELORA_OK ||
             (!isLast(peer) && first.status == MOELORA_PEER_LOST),
         first.text);
  if (isLast(peer)) {
    Outcome refused = reduceOver(group.get(), MOELORA_AXIS_TP, 3);
    expect(refused.status == MOELORA_INVALID, "it was not refused");
  } else {
    expectLost([&] { return reduceOver(group.get(), MOELORA_AXIS_TP, 16); },
               inTime);
  }
  moelora_status status = isLast(peer) ? MOELORA_INVALID : MOELORA_PEER_LOST;
  int64_t took = millisecondsOf([&] {
    Outcome again = reduceOver(group.get(), MOELORA_AXIS_TP, 16);
    expect(again.status == status, "the status is another one");
    Outcome tokens = outcome(moelora_group_share_tokens, group.get(), 1L);
    expect(tokens.status == status, "the status is another one");
    Outcome health = outcome(moelora_group_health,
                             static_cast<const moelora_group *>(group.get()));
    expect(health.status == status, "the group is healthy");
  });
  expect(took <= atOnce, "it took " + std::to_string(took) + " ms");
  expectUnusable(peer.transport);
}

/// Another peer rank is stopped or killed meanwhile.
void reportsALostPeer(Peer &peer) {
  constexpr int64_t mostTime = 60000;
  GroupOwner group = peer.group(1, peer.ranks(), 1, 3000);
  must(moelora_group_reserve, group.get(), int64_t(4), uint64_t(16));
  std::vector<int64_t> tokens(size_t(peer.ranks()), 4);
  must(moelora_group_set_tokens, group.get(),
       static_cast<const int64_t *>(tokens.data()));
  Outcome result;
  int64_t last = 0, before = 0;
  while (result.status == MOELORA_OK && before < mostTime) {
    last = millisecondsOf(
        [&] { result = reduceOver(group.get(), MOELORA_AXIS_EP, 16); });
    before += last;
    peer.began();
  }
  expect(result.status == MOELORA_PEER_LOST,
         "expected PEER_LOST, but the status is " +
             std::to_string(result.status) + ": " + result.text);
  expect(last <= inTime, "it took " + std::to_string(last) + " ms");
  expectUnusable(peer.transport);
}

} // namespace

Case moelora::test::lostPeerCase() {
  return {"reports_a_lost_peer", reportsALostPeer};
}

std::vector<Case> moelora::test::lossCases() {
  return {{"ends_at_the_deadline", endsAtTheDeadline},
          {"is_woken_by_abort", isWokenByAbort},
          {"refuses_large_messages", refusesLargeMessages},
          {"ends_groups_of_all_peers", endsGroupsOfAllPeers}};
}
