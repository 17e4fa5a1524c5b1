// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Changes of all slot tables that are interrupted at each of their messages,
// and what the ranks that are left make of it in a new group.

#include "Ranks.h"

using namespace moelora::test;

namespace {

/// The messages of a change: the sizes of the statements, the statements, the
/// votes.
constexpr int messages = 3;

struct Interruption {
  int message;
  int rank;    ///< where the call of the transport fails
  bool sent;   ///< the others do not see it
  bool isLost; ///< the peer rank ends; otherwise it only misses the message
};

std::vector<Interruption> interruptions() {
  std::vector<Interruption> all;
  for (int message = 0; message < messages; ++message)
    for (int rank = 0; rank < 3; ++rank)
      for (bool sent : {false, true})
        for (bool isLost : {false, true})
          all.push_back({message, rank, sent, isLost});
  return all;
}

std::string nameOf(const testing::TestParamInfo<Interruption> &info) {
  const Interruption &i = info.param;
  return "message_" + std::to_string(i.message) +
         (i.isLost ? "_loses_rank_" : "_misses_rank_") +
         std::to_string(i.rank) + (i.sent ? "_after_it_was_sent" : "");
}

struct Interruptions : testing::TestWithParam<Interruption> {
  Folder folder;
  Opened adapter = packedAdapter(folder, 2);
  Ranks ranks{3};

  /// Only if all votes were sent may a peer rank have made the change.
  bool mayHaveHappened() const {
    return GetParam().message == messages - 1 && GetParam().sent;
  }

  /// Makes the call, in which all fail that do not make the change. Returns how
  /// many succeed.
  template <typename Body> int interrupt(Body body) {
    const Interruption &at = GetParam();
    ranks[at.rank].transport->failAt(at.message, at.sent);
    int succeeded = 0;
    for (const Outcome &each : ranks.all(body)) {
      EXPECT_TRUE(each.status == MOELORA_OK || each.status == MOELORA_PEER_LOST)
          << each.text;
      succeeded += each.status == MOELORA_OK;
    }
    EXPECT_LE(succeeded, mayHaveHappened() ? 2 : 0);
    return succeeded;
  }

  /// Makes a new group, and its tables equal.
  void recover() {
    if (GetParam().isLost)
      ranks.lose(GetParam().rank);
    else
      ranks.regroup();
    Outcome result = ranks.reconcile();
    EXPECT_EQ(result.status, MOELORA_OK) << result.text;
    EXPECT_TRUE(ranks.equal());
  }

  /// The next changes work, and have the same ids.
  void goOn() {
    int32_t id = ranks.add("next", adapter);
    EXPECT_TRUE(ranks.equal());
    EXPECT_EQ(ranks.evict(id).text, "");
    EXPECT_TRUE(ranks.equal());
  }
};

TEST_P(Interruptions, publish_on_all_or_on_none) {
  ranks.add("before", adapter);
  ranks.stage("a", adapter);
  int published = interrupt([](Rank &rank) { return rank.publish(); });
  recover();
  for (int rank = 0; rank < ranks.count(); ++rank) {
    bool there = ranks[rank].table->info(1).state == MOELORA_SLOT_LIVE;
    EXPECT_EQ(there, published > 0) << rank;
    // What was not published can be published again, or abandoned.
    EXPECT_EQ(ranks[rank].staged == nullptr, there) << rank;
  }
  if (!published)
    EXPECT_EQ(ranks.publish().text, "");
  EXPECT_TRUE(ranks.equal());
  goOn();
}

TEST_P(Interruptions, replace_on_all_or_on_none) {
  int32_t id = ranks.add("a", adapter);
  for (int rank = 0; rank < 3; ++rank)
    ASSERT_EQ(ranks[rank].stage(nullptr, adapter, id).status, MOELORA_OK);
  int replaced = interrupt([](Rank &rank) { return rank.publish(); });
  recover();
  for (int rank = 0; rank < ranks.count(); ++rank) {
    EXPECT_EQ(ranks[rank].table->info(0).version, replaced > 0) << rank;
    EXPECT_EQ(ranks[rank].table->info(0).id, id) << rank;
  }
  goOn();
}

TEST_P(Interruptions, publish_in_the_place_of_another_on_all_or_on_none) {
  for (const char *name : {"a", "b", "c"})
    ranks.add(name, adapter);
  ranks.stage("d", adapter);
  int published = interrupt([](Rank &rank) { return rank.publish(); });
  recover();
  for (int rank = 0; rank < ranks.count(); ++rank)
    EXPECT_EQ(ranks[rank].table->info(0).name,
              std::string(published > 0 ? "d" : "a"));
  goOn();
}

TEST_P(Interruptions, evict_on_all_or_on_none) {
  int32_t id = ranks.add("a", adapter);
  int evicted = interrupt([=](Rank &rank) { return rank.evict(id); });
  recover();
  for (int rank = 0; rank < ranks.count(); ++rank)
    EXPECT_EQ(ranks[rank].table->info(0).state == MOELORA_SLOT_LIVE,
              evicted == 0)
        << rank;
  goOn();
}

INSTANTIATE_TEST_SUITE_P(All, Interruptions, testing::ValuesIn(interruptions()),
                         nameOf);

} // namespace
