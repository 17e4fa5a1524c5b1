// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Weights that are made up: how large they are by their role, and that each
// operand has values of its own.
#include "moelora/models/RandomWeights.h"
#include "moelora/runtime/Execute.h"

#include <cmath>
#include <gmock/gmock.h>
#include <set>

using namespace moelora::models;

namespace {

template <typename Element = float>
std::vector<Element> fill(const Operand &operand, uint64_t seed = 1) {
  moelora_services services;
  moelora_services_init(nullptr, &services);
  std::vector<Element> values(size_t(operand.elements()));
  fillRandom(operand, values.data(), MOELORA_F32, seed, services);
  return values;
}

/// The largest distance from `center`; values on both sides of it.
double reach(const std::vector<float> &values, double center) {
  auto [least, most] = std::minmax_element(values.begin(), values.end());
  EXPECT_LT(*least, center);
  EXPECT_GT(*most, center);
  return std::max(center - *least, *most - center);
}

Operand operand(moelora_role role, Shape shape) {
  return {role, MOELORA_F32, std::move(shape), {}};
}

} // namespace

TEST(RandomWeights, keep_sums_and_factors_near_one) {
  // A sum of 300 products of deviation 1 / sqrt(300) has the deviation 1.
  double unit = std::sqrt(3.0 / 300);
  EXPECT_NEAR(reach(fill(operand(MOELORA_ROUTER_WEIGHT, {64, 300})), 0), unit,
              unit / 100);
  EXPECT_NEAR(reach(fill(operand(MOELORA_OUTPUT_NORM_WEIGHT, {4000})), 1), 0.5,
              0.01);
  EXPECT_NEAR(reach(fill(operand(MOELORA_DOWN_BIAS, {8, 500})), 0), 0.25, 0.01);
}

TEST(RandomWeights, are_of_the_seed_and_of_the_role) {
  Operand in = operand(MOELORA_LATENT_IN_WEIGHT, {40, 40});
  EXPECT_EQ(fill(in), fill(in));
  EXPECT_NE(fill(in), fill(in, 2));
  EXPECT_NE(fill(in), fill(operand(MOELORA_LATENT_OUT_WEIGHT, {40, 40})));
}

TEST(RandomWeights, rows_of_a_table_have_no_expert_twice) {
  Operand table = operand(MOELORA_TOKEN_TABLE, {1000, 3});
  table.ids = 4;
  std::vector<int32_t> ids = fill<int32_t>(table);
  for (size_t row = 0; row < ids.size(); row += 3) {
    std::set<int32_t> once(&ids[row], &ids[row] + 3);
    EXPECT_EQ(once.size(), 3u);
    EXPECT_GE(*once.begin(), 0);
    EXPECT_LT(*once.rbegin(), 4);
  }
}
