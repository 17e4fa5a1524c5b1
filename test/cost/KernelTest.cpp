// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Single kernels as they are emitted, computed by hand.

#include "moelora/cost/Kernel.h"
#include "Shapes.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace moelora::cost;

namespace {

constexpr GroupedGemm gateUp = {128, 8, 1536, 2048, 2};
constexpr GroupedGemm down = {128, 8, 2048,  768,
                              1,   2, false, Output::TokenSums};
/// One expert that all tokens have, so that nothing is an expectation.
constexpr GroupedGemm linear = {1, 1, 256, 512, 1, 2, true, Output::F32};
constexpr Tile small = {128, 8, 64, 4, 1, 6};
/// The plan has 8 bytes for a row.
constexpr double planRow = 8;

Launch only(const Estimate &estimate) {
  EXPECT_EQ(estimate.launches.size(), 1u);
  return estimate.launches.front();
}

TEST(Kernel, bytes_and_flops_of_a_gemm) {
  Launch launch = only(estimate(h200(), linear, {4}, small));
  EXPECT_DOUBLE_EQ(launch.flops, 2 * 4 * 256 * 512);
  EXPECT_DOUBLE_EQ(launch.bytes, 256 * 512 * 2 +   // weights
                                     4 * 512 * 2 + // x
                                     4 * 256 * 4 + // the sums
                                     4 * planRow);
}

TEST(Kernel, outputs) {
  auto bytes = [](Output output, int64_t slices) {
    GroupedGemm gemm = linear;
    gemm.output = output;
    gemm.slices = slices;
    return only(estimate(h200(), gemm, {4}, small)).bytes;
  };
  double f32 = bytes(Output::F32, 1);
  EXPECT_DOUBLE_EQ(f32 - bytes(Output::Rounded, 1), 4 * 256 * 2);
  // Gate and up become one row.
  EXPECT_DOUBLE_EQ(f32 - bytes(Output::Rounded, 2), 4 * 256 * 4 - 4 * 128 * 2);
  // The cache keeps the rows until they are added up.
  EXPECT_DOUBLE_EQ(f32 - bytes(Output::TokenSums, 1), 4 * 256 * 2);
}

TEST(Kernel, deltas_are_added_in_place_or_by_a_second_kernel) {
  for (const GroupedGemm &gemm : {gateUp, down})
    for (int64_t tokens : {1, 64, 1024, 16384}) {
      Batch batch = {tokens, 8, 16};
      Tile tile = tokens > 512 ? middleTile : small;
      Estimate inPlace = estimate(h200(), gemm, batch, tile);
      Estimate apart =
          estimate(h200(), gemm, batch, tile, Strategy::UnfusedPeer);
      ASSERT_EQ(apart.launches.size(), 2u);
      EXPECT_GT(apart.seconds(), only(inPlace).seconds);
      EXPECT_DOUBLE_EQ(apart.launches[0].flops + apart.launches[1].flops,
                       only(inPlace).flops);
      // Without adapters there is nothing to add.
      only(estimate(h200(), gemm, {tokens}, tile, Strategy::UnfusedPeer));
    }
}

TEST(Kernel, shrink) {
  Launch launch = only(estimateShrink(h200(), linear, {4, 1, 16}));
  EXPECT_DOUBLE_EQ(launch.flops, 2 * 4 * 16 * 512);
  EXPECT_DOUBLE_EQ(launch.bytes, 16 * 512 * 2 + 4 * 16 * 2 + // A, u
                                     4 * 512 * 2 +           // x
                                     4 * planRow + 32);      // and a segment
  EXPECT_TRUE(estimateShrink(h200(), linear, {4}).launches.empty());
}

TEST(Kernel, whole_tiles_are_computed) {
  // 128 tokens have 8 rows for each expert: mostly empty tiles of 128 tokens
  // take longer than tiles of 8.
  Tile large = {128, 128, 64, 2, 4, 3};
  EXPECT_GT(estimate(h200(), gateUp, {128}, large).seconds(),
            1.2 * estimate(h200(), gateUp, {128}, small).seconds());
}

TEST(Kernel, a_tile_that_does_not_fit_takes_for_ever) {
  Tile huge = small;
  huge.stages = 30;
  EXPECT_TRUE(std::isinf(estimate(h200(), gateUp, {8}, huge).seconds()));
}

TEST(Kernel, no_rows_no_launches) {
  EXPECT_TRUE(estimate(h200(), gateUp, {0, 8, 16}, small).launches.empty());
  EXPECT_TRUE(estimateShrink(h200(), gateUp, {0, 8, 16}).launches.empty());
}

TEST(Kernel, tokens_with_more_rows_than_a_tile) {
  // The host takes the smallest tile that holds ceil(tokens k / E) rows.
  for (const GroupedGemm &gemm : {gateUp, linear, {7, 3, 64, 64}})
    for (int64_t rows : {0, 8, 16, 128}) {
      auto rowsOf = [&](int64_t tokens) {
        return (tokens * gemm.topK + gemm.experts - 1) / gemm.experts;
      };
      EXPECT_GT(rowsOf(tokensAbove(gemm, rows)), rows);
      EXPECT_LE(rowsOf(tokensAbove(gemm, rows) - 1), rows);
    }
}

} // namespace
