/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Steps: what ids resolve to, and in which order a step is used.
 */
#include "Streams.h"
#include "Tables.h"

#include <gmock/gmock.h>

using namespace moelora::test;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

/// Slot 0 has a second tenant, slot 1 a first one, 2 a disabled one, 3 none.
struct Steps : testing::Test {
  Folder folder;
  Opened opened = packedAdapter(folder, 2);
  Table table{4};
  Step step{table.table};
  int32_t gone = -1, second = -1, first = -1, off = -1;

  void SetUp() override {
    ASSERT_EQ(table.assign("gone", opened, gone), MOELORA_OK);
    ASSERT_EQ(table.assign("first", opened, first), MOELORA_OK);
    ASSERT_EQ(table.assign("off", opened, off), MOELORA_OK);
    ASSERT_EQ(table.evict(gone), MOELORA_OK);
    ASSERT_EQ(table.assign("second", opened, second), MOELORA_OK);
    ASSERT_EQ(table.enable(off, false), MOELORA_OK);
  }
  moelora_run_stats runs() const { return table.stats().runs; }
};

} // namespace

TEST_F(Steps, resolve_ids) {
  ASSERT_EQ(step.enter(), MOELORA_OK);
  ASSERT_EQ(step.resolve({-1, second, first, off, gone, 3, 8, -2}), MOELORA_OK);
  EXPECT_THAT(step.numbers(), ElementsAre(0 - 1, 0, 1, -1, -1, -1, -1, -1));
  EXPECT_EQ(runs().masked_slots, 5u);
  EXPECT_EQ(runs().stale_slots, 2u); // gone; 8: slot 0 of generation 2
  EXPECT_EQ(runs().outside_steps, 0u);
  ASSERT_EQ(step.leave(), MOELORA_OK);
}

// With many slots, only the words that tokens use are read.
TEST_F(Steps, resolve_ids_of_a_large_table) {
  Table large(300);
  Step pass(large.table);
  int32_t a = -1, b = -1;
  ASSERT_EQ(large.assign("a", opened, a), MOELORA_OK);
  ASSERT_EQ(large.assign("b", opened, b), MOELORA_OK);
  ASSERT_EQ(pass.enter(), MOELORA_OK);
  ASSERT_EQ(pass.resolve({b, -1, a, b, 299, 300, a}), MOELORA_OK);
  EXPECT_THAT(pass.numbers(), ElementsAre(1, -1, 0, 1, -1, -1, 0));
  ASSERT_EQ(pass.leave(), MOELORA_OK);
  Word before = pass.word(0);
  ASSERT_EQ(large.replace(a, opened), MOELORA_OK);
  ASSERT_EQ(pass.enter(), MOELORA_OK);
  ASSERT_EQ(pass.resolve({-1, a, a}), MOELORA_OK);
  EXPECT_THAT(pass.numbers(), ElementsAre(-1, 0, 0));
  EXPECT_NE(pass.word(0).bits, before.bits); // another image
  ASSERT_EQ(pass.leave(), MOELORA_OK);
  ASSERT_EQ(large.evict(a), MOELORA_OK);
  ASSERT_EQ(pass.enter(), MOELORA_OK);
  ASSERT_EQ(pass.resolve({a, b}), MOELORA_OK);
  EXPECT_THAT(pass.numbers(), ElementsAre(-1, 1));
  ASSERT_EQ(pass.leave(), MOELORA_OK);
  EXPECT_EQ(large.stats().runs.stale_slots, 1u);
}

TEST_F(Steps, ids_beyond_the_slots_and_all_generations_are_base) {
  ASSERT_EQ(step.enter(), MOELORA_OK);
  ASSERT_EQ(step.resolve({INT32_MAX, INT32_MIN, 1 << 30, 7, 1 << 24}),
            MOELORA_OK);
  EXPECT_THAT(step.numbers(), Each(-1));
  EXPECT_EQ(runs().masked_slots, 5u);
  ASSERT_EQ(step.leave(), MOELORA_OK);
  Table three(3);
  Step other(three.table);
  ASSERT_EQ(other.enter(), MOELORA_OK);
  ASSERT_EQ(other.resolve({3, 7}), MOELORA_OK); // bits for 4, but no slot
  EXPECT_THAT(other.numbers(), Each(-1));
  EXPECT_EQ(three.stats().runs.stale_slots, 0u);
  ASSERT_EQ(other.leave(), MOELORA_OK);
}

TEST_F(Steps, tokens_that_are_not_valid_are_base_and_not_counted) {
  ASSERT_EQ(step.enter(), MOELORA_OK);
  const std::pair<int32_t, int> cases[] = {{2, 2}, {0, 0}, {-5, 0}, {99, 4}};
  for (auto [valid, served] : cases) {
    ASSERT_EQ(step.resolve({first, second, first, second}, nullptr, &valid),
              MOELORA_OK);
    for (int token = 0; token < 4; ++token)
      EXPECT_EQ(step.numbers()[size_t(token)] >= 0, token < served);
  }
  int32_t one = 1;
  ASSERT_EQ(step.resolve({first, gone}, nullptr, &one), MOELORA_OK);
  EXPECT_EQ(runs().masked_slots, 0u);
  ASSERT_EQ(step.leave(), MOELORA_OK);
}

TEST_F(Steps, outside_of_a_step_all_is_base_and_counted) {
  ASSERT_EQ(step.resolve({first, second, -1}), MOELORA_OK);
  EXPECT_THAT(step.numbers(), Each(-1));
  EXPECT_EQ(step.word(0).bits, 0u);
  EXPECT_EQ(runs().outside_steps, 3u);
  EXPECT_NE(step.look(0).bits, 0u);
  ASSERT_EQ(step.resolve({first}), MOELORA_OK); // and after one
  EXPECT_THAT(step.numbers(), ElementsAre(-1));
  EXPECT_EQ(step.word(0).bits, 0u);
  EXPECT_EQ(runs().outside_steps, 4u);
}

TEST_F(Steps, are_entered_and_left_in_turns) {
  EXPECT_EQ(step.leave(), MOELORA_INVALID);
  EXPECT_THAT(step.text, HasSubstr("expects a step that has entered"));
  ASSERT_EQ(step.enter(), MOELORA_OK);
  EXPECT_EQ(step.enter(), MOELORA_INVALID);
  EXPECT_THAT(step.text, HasSubstr("expects a step that has not entered"));
  EXPECT_EQ(step.call(moelora_step_destroy), MOELORA_BUSY);
  EXPECT_EQ(*step.view().ticket, 1u);
  ASSERT_EQ(step.leave(), MOELORA_OK);
  EXPECT_EQ(*step.view().ticket, 0u);
}

TEST_F(Steps, refuse_batches_that_are_too_large) {
  EXPECT_EQ(step.resolve(std::vector<int32_t>(9)), MOELORA_INVALID);
  EXPECT_THAT(step.text, HasSubstr("at most the 8 tokens of the step, but "
                                   "there are 9"));
  EXPECT_EQ(step.resolve({}), MOELORA_OK);
  moelora_step *none = nullptr;
  EXPECT_EQ(table.call(moelora_step_create, nullptr, int64_t(0), &none),
            MOELORA_INVALID);
  EXPECT_EQ(none, nullptr);
}

TEST_F(Steps, of_nothing_are_invalid) {
  moelora_step *none = nullptr;
  EXPECT_EQ(moelora_step_create(nullptr, nullptr, 1, &none, nullptr),
            MOELORA_INVALID);
  EXPECT_EQ(moelora_step_enter(nullptr, nullptr, nullptr), MOELORA_INVALID);
  EXPECT_EQ(moelora_step_leave(nullptr, nullptr, nullptr), MOELORA_INVALID);
  EXPECT_EQ(
      moelora_step_resolve(nullptr, nullptr, nullptr, 0, nullptr, nullptr),
      MOELORA_INVALID);
  EXPECT_EQ(moelora_step_destroy(nullptr, nullptr), MOELORA_OK);
  EXPECT_EQ(moelora_step_view_of(nullptr), nullptr);
  auto *odd = reinterpret_cast<const int32_t *>(1);
  EXPECT_EQ(step.call(moelora_step_resolve, nullptr, odd, int64_t(1), nullptr),
            MOELORA_INVALID);
  EXPECT_EQ(
      step.call(moelora_step_resolve, nullptr, nullptr, int64_t(1), nullptr),
      MOELORA_INVALID);
}

TEST_F(Steps, end_when_the_device_is_past_their_last_leave) {
  HeldStream stream;
  auto ending = std::make_unique<Step>(table.table);
  ASSERT_EQ(ending->enter(stream.get()), MOELORA_OK);
  ASSERT_EQ(ending->leave(stream.get()), MOELORA_OK);
  std::future<void> end = std::async([&] { ending.reset(); });
  using namespace std::chrono_literals;
  EXPECT_EQ(end.wait_for(10ms), std::future_status::timeout);
  stream.letGo();
  end.get();
}

// The memory of a step is written by one pass after the other.
TEST_F(Steps, come_after_their_own_last_leave) {
  HeldStream stream, other;
  other.letGo();
  ASSERT_EQ(step.enter(stream.get()), MOELORA_OK);
  ASSERT_EQ(step.leave(stream.get()), MOELORA_OK);
  ASSERT_EQ(step.enter(other.get()), MOELORA_OK);
  ASSERT_EQ(step.leave(other.get()), MOELORA_OK);
  EXPECT_EQ(*step.view().ticket, 0u); // neither has begun
  stream.letGo();
  other.synchronize();
  EXPECT_EQ(*step.view().ticket, 0u);
}
