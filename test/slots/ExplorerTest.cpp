/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The states of a slot table, walked through; and that it is noticed when a
 * part of what keeps tenants apart is missing (mutants.py).
 */
#include "Explorer.h"

#include <cstdio>
#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

constexpr size_t noLimit = SIZE_MAX;

TEST(Explorer, one_slot_one_step_to_the_last_state) {
  Bounds bounds;
  bounds.slots = bounds.streams = bounds.steps = bounds.runs = 1;
  bounds.adapters = bounds.buffers = 2;
  bounds.queue = 4;
  Exploration all = explore(bounds, noLimit);
  EXPECT_EQ(all.broken, "") << testing::PrintToString(all.way);
  EXPECT_TRUE(all.closed);
  EXPECT_GT(all.states, 100000u);
  EXPECT_GT(all.full, 0u);
  EXPECT_GT(all.busy, 0u);
  EXPECT_GT(all.late, 0u);
}

TEST(Explorer, two_slots_two_streams_two_steps) {
  Exploration all = explore({}, 50000);
  EXPECT_EQ(all.broken, "") << testing::PrintToString(all.way);
  EXPECT_GE(all.states, 50000u);
  EXPECT_GT(all.busy, 0u);
}

TEST(Explorer, far_away) {
  Exploration all = wander({}, 1000, 500, 1);
  EXPECT_EQ(all.broken, "") << testing::PrintToString(all.way);
  EXPECT_EQ(all.transitions, 1000u * 500u);
  EXPECT_GT(all.full, 0u);
  EXPECT_GT(all.busy, 0u);
  EXPECT_GT(all.late, 0u);
}

TEST(Explorer, far_away_in_a_larger_world) {
  Bounds bounds;
  bounds.slots = bounds.streams = bounds.steps = 3;
  bounds.adapters = 5;
  bounds.buffers = bounds.queue = 8;
  bounds.leases = 2;
  Exploration all = wander(bounds, 500, 500, 2);
  EXPECT_EQ(all.broken, "") << testing::PrintToString(all.way);
  EXPECT_GT(all.late, 0u);
}

/// The output of the explorer for a slot table without one of its parts.
std::string explored(const std::string &mutant, const std::string &options) {
  std::string command = MUTANTS "/moelora-explore-" + mutant + " " + options,
              text;
  FILE *output = ::popen(command.c_str(), "r");
  char line[256];
  while (std::fgets(line, sizeof line, output))
    text += line;
  ::pclose(output);
  return text;
}

struct Missing {
  const char *mutant, *law;
};

struct Explorers : testing::TestWithParam<Missing> {};

TEST_P(Explorers, miss) {
  std::string text = explored(GetParam().mutant, "--walks=2000 --depth=300");
  EXPECT_THAT(text, HasSubstr(std::string("broken: ") + GetParam().law));
  EXPECT_THAT(text, HasSubstr("1 failed"));
}

constexpr const char *own = "expects an id to get its own adapter or none",
                     *published = "expects a step to see what was published",
                     *outside = "expects base output outside of a step",
                     *idle = "expects exactly idle adapters to be evicted";

// Steps come after the stores that they would have to be waited for.
TEST(Explorer, finds_nothing_where_serials_are_early) {
  EXPECT_THAT(explored("early-serials", "--walks=2000 --depth=300"),
              HasSubstr("1 passed"));
}

INSTANTIATE_TEST_SUITE_P(
    , Explorers,
    testing::Values(
        Missing{"no-generations", own}, Missing{"no-events", idle},
        Missing{"no-steps",
                "expects no run to read memory that was given back"},
        Missing{"unordered-steps", published},
        Missing{"early-serials-unordered-steps", own},
        Missing{"unordered-stores", published},
        Missing{"unordered-leaves", own}, Missing{"tickets-that-stay", outside},
        Missing{"no-tickets", outside}, Missing{"no-releases", idle},
        Missing{"no-evictions",
                "expects the memory of present adapters to remain"}),
    [](const testing::TestParamInfo<Missing> &info) {
      std::string name = info.param.mutant;
      for (char &c : name)
        c = c == '-' ? '_' : c;
      return name;
    });

} // namespace
