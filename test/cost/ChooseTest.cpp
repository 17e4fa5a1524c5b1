// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order of schedules.

#include "Shapes.h"

#include <gtest/gtest.h>

using namespace moelora::cost;

namespace {

int64_t sharedOf(const Choice &choice, const LayerShape &layer) {
  return sharedBytes(choice.schedule.gateUp, layer.hidden) +
         sharedBytes(choice.schedule.down, layer.intermediate);
}

TEST(Choose, lists_every_schedule_once_the_fastest_first) {
  for (const LayerShape &layer : shapes) {
    Batch batch = {64, 8, 16};
    std::vector<Choice> all = choose(h200(), layer, batch);
    size_t gateUp = enumerateTiles(h200(), layer.hidden).size();
    size_t down = enumerateTiles(h200(), layer.intermediate).size();
    EXPECT_EQ(all.size(), 2 * gateUp * down);
    EXPECT_EQ(choose(h200(), layer, {64}).size(), gateUp * down);
    for (size_t i = 1; i < all.size(); ++i)
      EXPECT_LE(all[i - 1].seconds, all[i].seconds);
  }
}

TEST(Choose, states_the_time_of_the_schedule) {
  for (Strategy strategy : {Strategy::InPlace, Strategy::UnfusedPeer})
    for (const Choice &choice :
         choose(h200(), qwen3, {1024, 8, 64}, strategy)) {
      Estimate whole = estimate(h200(), qwen3, {1024, 8, 64}, choice.schedule);
      EXPECT_EQ(choice.schedule.strategy, strategy);
      EXPECT_DOUBLE_EQ(choice.seconds, whole.seconds());
    }
}

TEST(Choose, less_shared_memory_comes_first_among_equals) {
  // Without rows, all schedules take no time.
  std::vector<Choice> all = choose(h200(), qwen3, {0, 8, 16});
  ASSERT_GT(all.size(), 2u);
  for (size_t i = 1; i < all.size(); ++i) {
    const Choice &a = all[i - 1], &b = all[i];
    if (a.schedule.separateShrink == b.schedule.separateShrink)
      EXPECT_LE(sharedOf(a, qwen3), sharedOf(b, qwen3));
    else
      EXPECT_FALSE(a.schedule.separateShrink);
  }
}

TEST(Choose, tiles_grow_with_the_rows_of_an_expert) {
  auto tokens = [](int64_t batch) {
    return choose(h200(), qwen3, {batch}).front().schedule.gateUp.tokens;
  };
  EXPECT_EQ(tokens(1), 8);
  EXPECT_LE(tokens(64), 16);
  EXPECT_GE(tokens(1024), 64); // 64 rows an expert
  EXPECT_EQ(tokens(mostTokens), 128);
}

TEST(Choose, columns_are_divided_for_few_tokens) {
  Schedule best = choose(h200(), qwen3, {1}).front().schedule;
  EXPECT_EQ(best.gateUp.kSplit, 4);
  EXPECT_EQ(best.down.kSplit, 4);
  best = choose(h200(), qwen3, {mostTokens}).front().schedule;
  EXPECT_EQ(best.gateUp.kSplit, 1);
  EXPECT_EQ(best.gateUp.features, 256);
}

TEST(Choose, partial_sums_until_they_are_more_than_a_launch_is_worth) {
  // At rank 64, tiles of 128 rows (64 features) write 8 P 64 I / 64 bytes, a
  // pass over `a` reads 2 P I, and a launch is worth 10 MB: P = 2300.
  auto separateIsFaster = [](int64_t tokens) {
    Schedule schedule = {Strategy::InPlace, {128, 32}, {128, 32}};
    double partial =
        estimate(h200(), qwen3, {tokens, 8, 64}, schedule).seconds();
    schedule.separateShrink = true;
    return estimate(h200(), qwen3, {tokens, 8, 64}, schedule).seconds() <
           partial;
  };
  EXPECT_FALSE(separateIsFaster(128));
  EXPECT_FALSE(separateIsFaster(256)); // P = 2048
  EXPECT_TRUE(separateIsFaster(352));  // P = 2816
  EXPECT_TRUE(separateIsFaster(512));
  // At rank 16 both move the same bytes.
  for (int64_t tokens : {16, 256, 1024})
    EXPECT_FALSE(
        choose(h200(), qwen3, {tokens, 8, 16}).front().schedule.separateShrink);
}

TEST(Choose, every_gpu_has_a_schedule_for_every_layer) {
  for (const Gpu &gpu : gpus())
    for (const LayerShape &layer : shapes)
      for (Strategy strategy : {Strategy::InPlace, Strategy::UnfusedPeer})
        for (int64_t tokens = 1; tokens <= mostTokens; tokens *= 4) {
          auto all = choose(gpu, layer, {tokens, 8, 16}, strategy);
          ASSERT_FALSE(all.empty()) << gpu.name;
          EXPECT_TRUE(fits(gpu, all[0].schedule.gateUp, layer.hidden));
          EXPECT_TRUE(fits(gpu, all[0].schedule.down, layer.intermediate));
          EXPECT_GT(all[0].seconds, 0);
          EXPECT_LT(all[0].seconds, 1);
        }
}

TEST(Choose, layers_without_sizes_have_no_schedule) {
  EXPECT_TRUE(choose(h200(), {0, 768, 128, 8}, {16}).empty());
  EXPECT_TRUE(choose(h200(), {2048, 0, 128, 8}, {16}).empty());
  EXPECT_TRUE(choose(h200(), {-1, 768, 128, 8}, {16}).empty());
}

} // namespace
