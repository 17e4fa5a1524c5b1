// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Groups over a transport of an engine.

#include "Peer.h"

#include <gtest/gtest.h>

#include <cstring>

using namespace moelora::test;

namespace {

/// A transport of an engine, which moves bytes between two peer ranks that are
/// not there.
struct Own {
  static moelora_status gather(void *context, const void *, void *receive,
                               const uint64_t *bytes, int64_t timeout,
                               moelora_error **error) {
    Own &own = *static_cast<Own *>(context);
    EXPECT_LE(timeout, 700);
    if (own.gathers++)
      return moelora_error_make(error, MOELORA_PEER_LOST, "the cable is out");
    std::memset(receive, 0, bytes[0] + bytes[1]);
    return MOELORA_OK;
  }
  static moelora_status refuseAll(void *, const void *, const uint64_t *,
                                  const uint64_t *, void *, const uint64_t *,
                                  const uint64_t *, int64_t, moelora_error **) {
    return MOELORA_PEER_LOST;
  }
  static moelora_status refuseSplit(void *, int32_t, int32_t, int64_t,
                                    const moelora_transport **,
                                    moelora_error **error) {
    return moelora_error_make(error, MOELORA_UNSUPPORTED, "there are only two");
  }
  static void abort(void *context) { ++static_cast<Own *>(context)->aborts; }
  static void close(void *) {}

  int gathers = 0, aborts = 0;
  moelora_transport transport = {sizeof transport,
                                 MOELORA_TRANSPORT_VERSION,
                                 this,
                                 "own",
                                 0,
                                 2,
                                 gather,
                                 refuseAll,
                                 refuseSplit,
                                 abort,
                                 close};
};

TEST(OwnTransport, IsUsedAndAborted) {
  Own own;
  Peer peer = {own.transport, 0, 0, nullptr};
  GroupOwner group = peer.group(1, 1, 2, 700);
  auto share = [&] {
    return outcome(moelora_group_share_tokens, group.get(), int64_t(4));
  };
  EXPECT_EQ(share().text, "");
  EXPECT_EQ(own.aborts, 0);
  EXPECT_EQ(share().text, "the cable is out");
  EXPECT_EQ(own.aborts, 1);
  EXPECT_EQ(share().text,
            "the group is unusable since an error: the cable is out");
  EXPECT_EQ(own.gathers, 2);
}

TEST(OwnTransport, SplitsIfTheGroupNeedsThat) {
  Own own;
  own.transport.ranks = 4;
  moelora_group_options options = {sizeof options, 0, 1, 2, 2, 0};
  moelora_group *group = nullptr;
  EXPECT_EQ(outcome(moelora_group_create,
                    static_cast<const moelora_transport *>(&own.transport),
                    static_cast<const moelora_group_options *>(&options),
                    &group)
                .text,
            "there are only two");
  EXPECT_EQ(own.aborts, 1); // the other peer ranks do not wait
}

} // namespace
