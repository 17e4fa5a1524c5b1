// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Peer ranks of a loopback that do not agree, and transports that are wrong.

#include "Peer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

using namespace moelora::test;
using testing::AnyOf;
using testing::HasSubstr;

namespace {

/// Two peer ranks, of which each makes one call.
struct Pair : testing::Test {
  Pair() { must(moelora_loopback_open, 2, transports); }
  ~Pair() override {
    for (const moelora_transport *transport : transports)
      moelora_transport_close(transport);
  }
  template <typename First, typename Second>
  void runBoth(First first, Second second) {
    std::thread other([&] { outcomes[1] = second(*transports[1]); });
    outcomes[0] = first(*transports[0]);
    other.join();
  }

  const moelora_transport *transports[2] = {};
  Outcome outcomes[2];
};

Outcome gatherBytes(const moelora_transport &transport, uint64_t first,
                    uint64_t second, int64_t timeout = 5000) {
  char send[8] = {}, receive[16] = {};
  return gather(transport, send, receive, {first, second}, timeout);
}

Outcome splitAll(const moelora_transport &transport, int32_t colour = 0) {
  const moelora_transport *subgroup = nullptr;
  return outcome(transport.split, transport.context, colour, 0, int64_t(5000),
                 &subgroup);
}

TEST_F(Pair, AgreesOnTheBytes) {
  runBoth([](auto &t) { return gatherBytes(t, 3, 4); },
          [](auto &t) { return gatherBytes(t, 3, 5); });
  EXPECT_THAT(outcomes[0].text + outcomes[1].text,
              AnyOf(HasSubstr("expects 4 bytes of peer rank 1, but it sends 5"),
                    HasSubstr("expects 5 bytes")));
  EXPECT_NE(outcomes[0].status, MOELORA_OK);
  EXPECT_NE(outcomes[1].status, MOELORA_OK);
}

TEST_F(Pair, MakesTheSameCall) {
  runBoth([](auto &t) { return gatherBytes(t, 3, 4); },
          [](auto &t) { return splitAll(t); });
  EXPECT_THAT(outcomes[0].text + outcomes[1].text,
              HasSubstr("expects all peer ranks to call "));
  EXPECT_NE(outcomes[0].status, MOELORA_OK);
  EXPECT_NE(outcomes[1].status, MOELORA_OK);
}

TEST_F(Pair, NamesThePeerRankThatIsMissing) {
  Outcome alone = gatherBytes(*transports[0], 1, 1, 20);
  EXPECT_EQ(alone.status, MOELORA_PEER_LOST);
  EXPECT_EQ(alone.text, "expects all peer ranks to come before the deadline, "
                        "but 1 did not");
  Outcome late = gatherBytes(*transports[1], 1, 1);
  EXPECT_EQ(late.text, "the transport is unusable since an error: peer rank 0: "
                       "expects all peer ranks to come before the deadline, "
                       "but 1 did not");
}

TEST_F(Pair, NamesThePeerRankThatHasAborted) {
  transports[1]->abort(transports[1]->context);
  EXPECT_EQ(gatherBytes(*transports[0], 1, 1).text,
            "the transport is unusable since an error: peer rank 1 has "
            "aborted");
}

TEST_F(Pair, HasNoNegativeColours) {
  Outcome refused = splitAll(*transports[0], -1);
  EXPECT_EQ(refused.status, MOELORA_INVALID);
  EXPECT_EQ(refused.text, "expects a colour of at least 0, but it is -1");
}

TEST(Loopback, HasSomePeerRanks) {
  const moelora_transport *to = nullptr;
  EXPECT_EQ(outcome(moelora_loopback_open, 0, &to).text,
            "expects from 1 to 1024 peer ranks, but there are 0");
  EXPECT_EQ(outcome(moelora_loopback_open, 1025, &to).text,
            "expects from 1 to 1024 peer ranks, but there are 1025");
}

struct Check : testing::Test {
  Check() {
    must(moelora_loopback_open, 1, &good);
    bad = *good;
  }
  ~Check() override { moelora_transport_close(good); }
  std::string error() {
    return outcome(moelora_transport_check,
                   static_cast<const moelora_transport *>(&bad))
        .text;
  }

  const moelora_transport *good = nullptr;
  moelora_transport bad = {};
};

TEST_F(Check, FindsWhatATransportLacks) {
  EXPECT_EQ(error(), "");
  bad.split = nullptr;
  EXPECT_EQ(error(), "expects a transport to have all functions, but split is "
                     "NULL");
  bad.rank = 1;
  EXPECT_EQ(error(), "expects the peer rank of a transport to be below the "
                     "number of ranks, but they are 1 and 1");
  bad.name = nullptr;
  EXPECT_EQ(error(), "expects a transport to have a name, but it is NULL");
  bad.size = 8;
  EXPECT_EQ(error(), "expects the struct of a transport to have 72 bytes, but "
                     "it has 8");
  bad.version = 2;
  EXPECT_EQ(error(), "expects a transport of version 1, but it is of version "
                     "2");
}

std::string openError(const char *name) {
  const moelora_transport *to = nullptr;
  return outcome(moelora_transport_open, name, &to).text;
}

TEST(Open, KnowsItsNames) {
  EXPECT_EQ(openError("nccl"),
            "expects a transport to be called mpi, mpich, openmpi or the path "
            "of a plug-in, but it is \"nccl\"");
  EXPECT_THAT(openError("/nowhere/lib.so:x"),
              testing::StartsWith("there is no such transport: cannot open its "
                                  "plug-in /nowhere/lib.so ("));
}

} // namespace
