// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Steps that resolve the ids of all peer ranks.

#include "../runtime/Streams.h"
#include "Ranks.h"

using namespace moelora::test;
using testing::ElementsAre;

namespace {

constexpr uint32_t dp = MOELORA_AXIS_DP, tp = MOELORA_AXIS_TP;

/// Four peer ranks: 0 and 1 have other tokens than 2 and 3.
struct GroupSteps : testing::Test {
  explicit GroupSteps(int slots = 3) : ranks(4, slots, 2) {
    a = ranks.add("a", adapter);
    b = ranks.add("b", adapter);
    for (int rank = 0; rank < 4; ++rank) {
      steps[rank] = std::make_unique<Step>(ranks[rank].table->table);
      join(rank, dp);
    }
  }
  ~GroupSteps() override {
    for (auto &step : steps)
      step.reset(); // before the groups
  }
  void join(int rank, uint32_t axes) {
    EXPECT_EQ(
        steps[rank]->call(moelora_step_join, ranks[rank].group.get(), axes),
        MOELORA_OK)
        << steps[rank]->text;
  }
  void setTokens(const std::vector<int64_t> &tokens) {
    for (int rank = 0; rank < 4; ++rank)
      must(moelora_group_set_tokens, ranks[rank].group.get(), tokens.data());
  }
  /// A step on all, with these ids on peer ranks 0 and 1, and on 2 and 3.
  void resolve(const std::vector<int32_t> &low,
               const std::vector<int32_t> &high) {
    auto size = [](const std::vector<int32_t> &ids) {
      return int64_t(ids.size());
    };
    setTokens({size(low), size(low), size(high), size(high)});
    ranks.all([&](Rank &rank) {
      Step &step = *steps[rank.number];
      EXPECT_EQ(step.enter(), MOELORA_OK) << step.text;
      EXPECT_EQ(step.resolve(rank.number < 2 ? low : high), MOELORA_OK)
          << step.text;
      EXPECT_EQ(step.leave(), MOELORA_OK);
      return Outcome();
    });
  }
  std::vector<int32_t> numbers(int rank, size_t count) {
    const int32_t *all = moelora_step_peer_numbers(steps[rank]->step);
    return {all, all + count};
  }
  moelora_group_stats stats(int rank) {
    moelora_group_stats stats = {};
    stats.size = sizeof stats;
    must(moelora_group_read_stats,
         static_cast<const moelora_group *>(ranks[rank].group.get()), &stats);
    return stats;
  }

  Folder folder;
  Opened adapter = packedAdapter(folder, 2);
  Ranks ranks;
  int32_t a, b;
  std::unique_ptr<Step> steps[4];
};

TEST_F(GroupSteps, number_the_tokens_of_all_in_the_order_of_the_ranks) {
  uint64_t before = stats(1).all_gather.messages;
  resolve({a, -1}, {b, a, b});
  EXPECT_EQ(stats(1).all_gather.messages, before + 1);
  for (int rank = 0; rank < 4; ++rank)
    EXPECT_THAT(numbers(rank, 6), ElementsAre(0, -1, 1, 0, 1, -1)) << rank;
  EXPECT_THAT(steps[0]->numbers(), ElementsAre(0, -1));
  EXPECT_THAT(steps[3]->numbers(), ElementsAre(1, 0, 1));
  EXPECT_EQ(stats(0).unmatched_ids, 0u);
}

TEST_F(GroupSteps, take_part_without_tokens) {
  resolve({}, {b});
  EXPECT_THAT(numbers(0, 2), ElementsAre(1, -1));
  resolve({}, {});
}

TEST_F(GroupSteps, count_ids_that_did_not_resolve_at_home_only) {
  resolve({a, 1 << 2, a, -7}, {b});
  EXPECT_THAT(numbers(2, 5), ElementsAre(0, -1, 0, -1, 1));
  moelora_run_stats home = ranks[1].table->stats().runs;
  EXPECT_EQ(home.masked_slots, 2u);
  EXPECT_EQ(home.stale_slots, 1u);
  EXPECT_EQ(ranks[2].table->stats().runs.masked_slots, 0u);
  EXPECT_EQ(stats(2).unmatched_ids, 0u);
}

TEST_F(GroupSteps, count_ids_apart_that_resolve_at_home_but_not_here) {
  ASSERT_EQ(ranks[2].table->evict(a), MOELORA_OK);
  resolve({a, b, a}, {b});
  EXPECT_THAT(numbers(0, 4), ElementsAre(0, 1, 0, 1));
  EXPECT_THAT(numbers(2, 4), ElementsAre(-1, 1, -1, 1));
  EXPECT_EQ(stats(2).unmatched_ids, 2u);
  EXPECT_EQ(stats(0).unmatched_ids, 0u);
  EXPECT_EQ(ranks[2].table->stats().runs.masked_slots, 0u);
}

TEST_F(GroupSteps, send_no_ids_of_tokens_that_are_not_valid) {
  setTokens({2, 2, 2, 2});
  const int32_t one = 1;
  ranks.all([&](Rank &rank) {
    Step &step = *steps[rank.number];
    EXPECT_EQ(step.enter(), MOELORA_OK);
    EXPECT_EQ(step.resolve({a, b}, nullptr, rank.number < 2 ? &one : nullptr),
              MOELORA_OK);
    EXPECT_EQ(step.leave(), MOELORA_OK);
    return Outcome();
  });
  EXPECT_THAT(numbers(3, 4), ElementsAre(0, -1, 0, 1));
}

TEST_F(GroupSteps, serve_base_outside_of_a_step) {
  setTokens({1, 1, 1, 1});
  ranks.all([&](Rank &rank) {
    EXPECT_EQ(steps[rank.number]->resolve({a}), MOELORA_OK);
    return Outcome();
  });
  EXPECT_THAT(numbers(0, 2), ElementsAre(-1, -1));
  EXPECT_EQ(stats(0).unmatched_ids, 0u);
  EXPECT_EQ(ranks[0].table->stats().runs.outside_steps, 1u);
}

TEST_F(GroupSteps, run_on_streams) {
  setTokens({1, 1, 1, 1});
  ranks.all([&](Rank &rank) {
    HeldStream stream;
    Step &step = *steps[rank.number];
    EXPECT_EQ(step.enter(stream.get()), MOELORA_OK);
    EXPECT_EQ(step.resolve({rank.number < 2 ? a : b}, stream.get()),
              MOELORA_OK);
    EXPECT_EQ(step.leave(stream.get()), MOELORA_OK);
    stream.letGo();
    return Outcome();
  });
  EXPECT_THAT(numbers(1, 2), ElementsAre(0, 1));
}

struct LargeGroupSteps : GroupSteps {
  LargeGroupSteps() : GroupSteps(300) {}
};

TEST_F(LargeGroupSteps, read_words_that_only_peer_ranks_use) {
  resolve({a}, {b});
  EXPECT_THAT(numbers(0, 2), ElementsAre(0, 1));
  EXPECT_THAT(numbers(3, 2), ElementsAre(0, 1));
}

TEST_F(GroupSteps, refuse_other_tokens_than_the_group_knows) {
  setTokens({2, 2, 9, 2});
  EXPECT_EQ(steps[0]->resolve({a}), MOELORA_INVALID);
  EXPECT_EQ(steps[0]->text, "expects as many tokens as the group knows of this "
                            "peer rank, 2, but there are 1");
  EXPECT_EQ(steps[0]->resolve({a, a}), MOELORA_INVALID);
  EXPECT_EQ(steps[0]->text,
            "expects at most the 8 tokens of the step on each peer rank, but "
            "there are 9 on peer rank 2");
}

TEST_F(GroupSteps, return_the_error_of_the_group) {
  setTokens({1, 1, 1, 1});
  must(moelora_group_set_deadline, ranks[0].group.get(), 20);
  ASSERT_EQ(steps[0]->enter(), MOELORA_OK);
  for (int times = 0; times < 2; ++times) {
    EXPECT_EQ(steps[0]->resolve({a}), MOELORA_PEER_LOST);
    EXPECT_THAT(steps[0]->text, testing::HasSubstr("but 1 did not"));
  }
  EXPECT_THAT(numbers(0, 2), ElementsAre(-1, -1));
  ASSERT_EQ(steps[0]->leave(), MOELORA_OK);
}

TEST_F(GroupSteps, join_one_group_which_outlives_them) {
  moelora_group *group = ranks[0].group.get();
  EXPECT_EQ(steps[0]->call(moelora_step_join, group, tp), MOELORA_INVALID);
  EXPECT_EQ(steps[0]->text,
            "expects a step that has joined no group, but it has");
  EXPECT_EQ(outcome(moelora_group_destroy, group).text,
            "expects a group that no layer and no step uses, but 0 layers are "
            "bound to it and 1 steps have joined it");
  Step other(ranks[0].table->table);
  EXPECT_EQ(other.call(moelora_step_join, group, 8u), MOELORA_INVALID);
  ASSERT_EQ(other.enter(), MOELORA_OK);
  EXPECT_EQ(other.call(moelora_step_join, group, dp), MOELORA_INVALID);
  ASSERT_EQ(other.leave(), MOELORA_OK);
}

} // namespace
