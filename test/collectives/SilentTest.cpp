// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Groups of engines that move all bytes themselves.

#include "Peer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

/// The engine adds up what layers yield, and the group only says who is who.
TEST(SilentGroup, HasCoordinatesAndExchangesNothing) {
  const moelora_transport *transport = nullptr;
  must(moelora_silent_open, 5, 8, &transport);
  moelora_group_options options = {sizeof options, 0, 2, 2, 2, 0};
  moelora_group *group = nullptr;
  must(moelora_group_create, transport,
       static_cast<const moelora_group_options *>(&options), &group);
  const moelora_group_view *view = moelora_group_view_of(group);
  EXPECT_THAT(view->coordinates, testing::ElementsAre(1, 0, 1));
  Outcome shared = outcome(moelora_group_share_tokens, group, int64_t(3));
  EXPECT_EQ(shared.status, MOELORA_UNSUPPORTED);
  EXPECT_THAT(shared.text, HasSubstr("a silent one leaves all exchanges to"));
  EXPECT_EQ(moelora_group_destroy(group, nullptr), MOELORA_OK);
  moelora_transport_close(transport);
}

TEST(SilentGroup, IsOneOfItsPeerRanks) {
  const moelora_transport *transport = nullptr;
  EXPECT_EQ(outcome(moelora_silent_open, 8, 8, &transport).text,
            "expects the peer rank of a transport to be below the number of "
            "ranks, but they are 8 and 8");
  EXPECT_EQ(transport, nullptr);
}
} // namespace
