/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The transport of threads of one process.
 */
#include "collectives/Loopback.h"

#include "base/Sized.h"

#include <algorithm>
#include <cstring>

using namespace moelora;
using namespace moelora::loopback;

namespace {

/// One thread of a transport.
struct Peer {
  Peer(std::shared_ptr<Threads> threads, size_t rank);

  moelora_transport transport = {};
  const std::shared_ptr<Threads> threads;
  const size_t rank;
};

Threads::Time after(int64_t milliseconds) {
  // A longer time could overflow the clock.
  constexpr int64_t most = int64_t(1) << 40;
  return std::chrono::steady_clock::now() +
         std::chrono::milliseconds(std::clamp<int64_t>(milliseconds, 0, most));
}

/// Runs `body` as a call of the peer; an error makes the family fail.
template <typename Body>
moelora_status callOf(void *context, moelora_error **error, Body body) {
  Peer &peer = *static_cast<Peer *>(context);
  return guarded(error, [&] {
    auto failAll = [&](const std::string &text) {
      peer.threads->fail("peer rank " + std::to_string(peer.rank) + ": " +
                         text);
    };
    try {
      body(peer);
    } catch (const Failure &failure) {
      failAll(failure.text);
      throw;
    } catch (const std::exception &other) {
      failAll(other.what());
      throw;
    }
  });
}

void expectSameKind(Peer &peer) {
  static const char *const names[] = {"all_gather_v", "all_to_all_v", "split"};
  Threads &threads = *peer.threads;
  Call::Kind own = threads.callOf(peer.rank).kind;
  for (size_t other = 0; other < threads.ranks(); ++other)
    if (threads.callOf(other).kind != own)
      fail(std::string("expects all peer ranks to call ") + names[own] +
           ", but " + std::to_string(other) + " has called " +
           names[threads.callOf(other).kind]);
}

void expectBytes(size_t other, uint64_t sent, uint64_t expected) {
  if (sent != expected)
    fail("expects " + std::to_string(expected) + " bytes of peer rank " +
         std::to_string(other) + ", but it sends " + std::to_string(sent));
}

void copy(void *to, uint64_t begin, const void *from, uint64_t bytes) {
  if (bytes)
    std::memcpy(static_cast<char *>(to) + begin, from, bytes);
}

moelora_status gather(void *context, const void *send, void *receive,
                      const uint64_t *bytes, int64_t timeout,
                      moelora_error **error) {
  return callOf(context, error, [&](Peer &peer) {
    Threads &threads = *peer.threads;
    Threads::Time end = after(timeout);
    expectThere(bytes, "the bytes of each peer rank");
    Call call;
    call.send = send;
    call.bytes = bytes;
    threads.enter(peer.rank, call, end);
    threads.read([&] {
      expectSameKind(peer);
      uint64_t begin = 0;
      for (size_t other = 0; other < threads.ranks(); ++other) {
        const Call &theirs = threads.callOf(other);
        expectBytes(other, theirs.bytes[other], bytes[other]);
        copy(receive, begin, theirs.send, bytes[other]);
        begin += bytes[other];
      }
    });
    threads.meet(peer.rank, end);
  });
}

moelora_status allToAll(void *context, const void *send,
                        const uint64_t *sendBytes, const uint64_t *sendBegin,
                        void *receive, const uint64_t *receiveBytes,
                        const uint64_t *receiveBegin, int64_t timeout,
                        moelora_error **error) {
  return callOf(context, error, [&](Peer &peer) {
    Threads &threads = *peer.threads;
    Threads::Time end = after(timeout);
    for (const uint64_t *counts :
         {sendBytes, sendBegin, receiveBytes, receiveBegin})
      expectThere(counts, "the bytes for each peer rank");
    Call call;
    call.kind = Call::AllToAll;
    call.send = send;
    call.bytes = sendBytes;
    call.begin = sendBegin;
    threads.enter(peer.rank, call, end);
    threads.read([&] {
      expectSameKind(peer);
      for (size_t other = 0; other < threads.ranks(); ++other) {
        const Call &theirs = threads.callOf(other);
        expectBytes(other, theirs.bytes[peer.rank], receiveBytes[other]);
        if (receiveBytes[other])
          copy(receive, receiveBegin[other],
               static_cast<const char *>(theirs.send) + theirs.begin[peer.rank],
               receiveBytes[other]);
      }
    });
    threads.meet(peer.rank, end);
  });
}

/// The ranks with the colour of this peer, in the order of their keys.
std::vector<size_t> membersOf(Peer &peer) {
  Threads &threads = *peer.threads;
  std::vector<std::pair<int32_t, size_t>> order;
  for (size_t other = 0; other < threads.ranks(); ++other)
    if (threads.callOf(other).colour == threads.callOf(peer.rank).colour)
      order.emplace_back(threads.callOf(other).key, other);
  std::sort(order.begin(), order.end());
  std::vector<size_t> members;
  for (const auto &[key, rank] : order)
    members.push_back(rank);
  return members;
}

moelora_status split(void *context, int32_t colour, int32_t key,
                     int64_t timeout, const moelora_transport **subgroup,
                     moelora_error **error) {
  return callOf(context, error, [&](Peer &peer) {
    Threads &threads = *peer.threads;
    Threads::Time end = after(timeout);
    expectThere(subgroup, "a place for the transport");
    if (colour < 0)
      fail("expects a colour of at least 0, but it is " +
           std::to_string(colour));
    Call call;
    call.kind = Call::Split;
    call.colour = colour;
    call.key = key;
    threads.enter(peer.rank, call, end);
    std::vector<size_t> members;
    threads.read([&] {
      expectSameKind(peer);
      members = membersOf(peer);
      if (members.front() == peer.rank)
        threads.callOf(peer.rank).made =
            std::make_shared<Threads>(threads.family, members.size());
    });
    threads.meet(peer.rank, end);
    std::unique_ptr<Peer> made;
    threads.read([&] {
      auto self = std::find(members.begin(), members.end(), peer.rank);
      made = std::make_unique<Peer>(threads.callOf(members.front()).made,
                                    size_t(self - members.begin()));
    });
    threads.meet(peer.rank, end);
    *subgroup = &made.release()->transport;
  });
}

void abort(void *context) {
  Peer &peer = *static_cast<Peer *>(context);
  peer.threads->family->fail("peer rank " + std::to_string(peer.rank) +
                             " has aborted");
}

void close(void *context) { delete static_cast<Peer *>(context); }

Peer::Peer(std::shared_ptr<Threads> threads, size_t rank)
    : threads(std::move(threads)), rank(rank) {
  transport.size = sizeof transport;
  transport.version = MOELORA_TRANSPORT_VERSION;
  transport.context = this;
  transport.name = "loopback";
  transport.rank = int32_t(rank);
  transport.ranks = int32_t(this->threads->ranks());
  transport.all_gather_v = gather;
  transport.all_to_all_v = allToAll;
  transport.split = split;
  transport.abort = abort;
  transport.close = close;
}

} // namespace

moelora_status moelora_loopback_open(int32_t ranks,
                                     const moelora_transport **transports,
                                     moelora_error **error) {
  return guarded(error, [&] {
    if (ranks < 1 || ranks > MOELORA_MAX_LOOPBACK_RANKS)
      fail("expects from 1 to " + std::to_string(MOELORA_MAX_LOOPBACK_RANKS) +
           " peer ranks, but there are " + std::to_string(ranks));
    expectThere(transports, "a place for the transports");
    auto threads =
        std::make_shared<Threads>(std::make_shared<Family>(), size_t(ranks));
    std::vector<std::unique_ptr<Peer>> peers;
    for (int32_t rank = 0; rank < ranks; ++rank)
      peers.push_back(std::make_unique<Peer>(threads, size_t(rank)));
    for (int32_t rank = 0; rank < ranks; ++rank)
      transports[rank] = &peers[size_t(rank)].release()->transport;
  });
}
