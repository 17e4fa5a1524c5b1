// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decisions about all slot tables of a group, without tables, threads and
// messages: whichever peer ranks make a change, the tables can be made equal.

#include "ranks/Decision.h"
#include "base/Failure.h"

#include <gtest/gtest.h>
#include <random>

using namespace moelora;

namespace {

constexpr size_t slots = 3;
constexpr uint32_t generations = 1u << 24; // of a table of three slots

/// Makes moves in tables of which only the statements exist.
struct World {
  std::vector<Statement> ranks;
  std::mt19937 random;

  World(size_t count, unsigned seed) : ranks(count), random(seed) {
    for (Statement &rank : ranks)
      rank.slots.resize(slots);
  }
  bool chance(unsigned of) { return random() % of == 0; }

  void make(Statement &rank, const Move &move) {
    SlotEntry &entry = rank.slots[size_t(move.slot)];
    EXPECT_GE(move.generation, entry.generation);
    if (move.kind == Move::Evict) {
      EXPECT_TRUE(entry.live() && entry.idle);
      EXPECT_GT(move.generation, entry.generation);
      entry = SlotEntry();
    } else {
      bool replaces = rank.replaces >= 0;
      EXPECT_EQ(replaces && entry.live(),
                entry.live() && entry.generation == move.generation);
      int32_t version = replaces ? entry.version + 1 : 0;
      entry = SlotEntry();
      entry.state = SlotEntry::Live;
      entry.version = version;
      entry.idle = true;
      entry.name = rank.name;
      rank.name.clear();
      rank.replaces = -1;
    }
    entry.generation = move.generation;
  }
  /// Returns false if the decision is to refuse.
  bool decideAll(std::vector<std::vector<Move>> &moves) {
    size_t failures = 0;
    moves.clear();
    for (size_t rank = 0; rank < ranks.size(); ++rank)
      try {
        std::vector<Statement> received;
        for (const Statement &each : ranks)
          received.push_back(statementOf(toBytes(each)));
        moves.push_back(decide(received, rank));
      } catch (const Failure &) {
        ++failures;
      }
    EXPECT_TRUE(failures == 0 || failures == ranks.size());
    return failures == 0;
  }
  std::string tenants(const Statement &rank) const {
    std::string all;
    for (const SlotEntry &entry : rank.slots)
      all += entry.live()
                 ? entry.name + " " + std::to_string(entry.generation) + " " +
                       std::to_string(entry.version) + ";"
                 : ";";
    return all;
  }
  bool equal() const {
    for (const Statement &rank : ranks)
      if (tenants(rank) != tenants(ranks[0]))
        return false;
    return true;
  }

  /// A random change that all call for.
  void propose(int number) {
    size_t slot = random() % slots;
    const SlotEntry entry = ranks[0].slots[slot];
    int32_t id = int32_t(entry.generation << 2 | slot);
    for (Statement &rank : ranks) {
      rank.call = entry.live() && number % 3 == 0 ? Statement::Evict
                                                  : Statement::Publish;
      rank.evicts = id;
      bool replaces = entry.live() && number % 3 == 1;
      rank.replaces = replaces ? id : -1;
      rank.name = rank.call == Statement::Evict ? ""
                  : replaces ? entry.name
                             : "adapter " + std::to_string(number);
    }
  }
  /// The next generations of free slots need not be equal.
  void drift() {
    for (Statement &rank : ranks)
      for (SlotEntry &entry : rank.slots)
        if (entry.state == SlotEntry::Free && chance(4))
          entry.generation += random() % 3;
  }
};

class Decisions : public testing::TestWithParam<int> {};

TEST_P(Decisions, leave_tables_that_can_be_made_equal) {
  World world{size_t(GetParam()), unsigned(GetParam())};
  std::vector<std::vector<Move>> moves;
  int changes = 0, halves = 0;
  for (int number = 0; number < 3000; ++number) {
    world.drift();
    world.propose(number);
    if (!world.decideAll(moves))
      continue;
    ++changes;
    // Any of the ranks may not have received all votes.
    size_t made = 0;
    for (size_t rank = 0; rank < world.ranks.size(); ++rank)
      if (!world.chance(3)) {
        world.make(world.ranks[rank], moves[rank][0]);
        ++made;
      }
    bool half = made && made < world.ranks.size();
    halves += half;
    EXPECT_EQ(world.equal(), !half);
    std::string before = world.tenants(world.ranks[0]);
    for (Statement &rank : world.ranks)
      rank.call = Statement::Reconcile;
    ASSERT_TRUE(world.decideAll(moves)) << number;
    for (size_t rank = 0; rank < world.ranks.size(); ++rank)
      for (const Move &move : moves[rank])
        world.make(world.ranks[rank], move);
    ASSERT_TRUE(world.equal()) << number;
    if (!half)
      EXPECT_EQ(world.tenants(world.ranks[0]), before);
  }
  EXPECT_GT(changes, 1000);
  EXPECT_EQ(halves > 500, GetParam() > 1);
}

INSTANTIATE_TEST_SUITE_P(Ranks, Decisions, testing::Values(1, 2, 3, 8));

TEST(Decision, takes_no_slot_that_is_out_of_generations) {
  World world(2, 1);
  for (Statement &rank : world.ranks)
    rank.name = "a";
  world.ranks[1].slots[0].state = SlotEntry::Closed;
  world.ranks[1].slots[0].generation = generations - 1;
  world.ranks[0].slots[1].broken = true;
  EXPECT_EQ(decide(world.ranks, 0)[0].slot, 2);
  world.ranks[1].slots[2].generation = generations; // cannot be
  EXPECT_THROW(decide(world.ranks, 0), Failure);
}

TEST(Decision, evicts_the_least_recently_used_of_peer_rank_0) {
  World world(2, 1);
  for (Statement &rank : world.ranks) {
    rank.name = "a";
    for (size_t slot = 0; slot < slots; ++slot) {
      SlotEntry &entry = rank.slots[slot];
      entry.state = SlotEntry::Live;
      entry.idle = true;
      entry.name = std::to_string(slot);
      entry.used = &rank == &world.ranks[0] ? slot * 5 % 3 : slot;
    }
  }
  world.ranks[1].slots[0].idle = false;
  Move move = decide(world.ranks, 1)[0];
  EXPECT_EQ(move.slot, 2); // used: 0, 2, 1
  EXPECT_EQ(move.generation, 1u);
}

TEST(Statement, is_read_as_it_was_written) {
  World world(1, 1);
  Statement &one = world.ranks[0];
  one.status = MOELORA_IO;
  one.text = "why";
  one.slots[1].name = std::string(255, 'x');
  one.slots[1].state = SlotEntry::Live;
  one.slots[1].enabled = false;
  std::string bytes = toBytes(one);
  EXPECT_EQ(toBytes(statementOf(bytes)), bytes);
  for (size_t size = 0; size < bytes.size(); ++size)
    try {
      EXPECT_LT(toBytes(statementOf(bytes.substr(0, size))).size(),
                bytes.size());
    } catch (const Failure &) {
      // it ends within a field
    }
}

} // namespace
