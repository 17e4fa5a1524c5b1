// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random data: where it lies, and that it depends on the seed alone.
#include "moelora/reference/Random.h"
#include "moelora/reference/Number.h"
#include "moelora/runtime/Execute.h"

#include <cmath>
#include <gmock/gmock.h>

using namespace moelora;
using namespace moelora::reference;

namespace {

constexpr int64_t Count = (int64_t(2) << 20) + 3; // three tasks, the last odd

std::vector<uint16_t> fill(int32_t threads, uint64_t seed) {
  moelora_pool *pool = nullptr;
  EXPECT_EQ(moelora_pool_create(threads, &pool, nullptr), MOELORA_OK);
  moelora_services services;
  moelora_services_init(pool, &services);
  std::vector<uint16_t> values(Count);
  fillRandom(services, values.data(), MOELORA_BF16, Count, {0, unitAmplitude},
             seed);
  moelora_pool_destroy(pool);
  return values;
}

} // namespace

TEST(Random, depends_on_the_seed_alone) {
  std::vector<uint16_t> one = fill(1, 7);
  EXPECT_EQ(one, fill(3, 7));
  EXPECT_NE(one, fill(1, 8));
}

TEST(Random, has_the_spread_that_is_wanted) {
  std::vector<float> values(1 << 16);
  RandomValues(MOELORA_F32, MOELORA_F32, {1, 0.5 * unitAmplitude})
      .fill(values.data(), int64_t(values.size()), 3);
  double sum = 0, squares = 0, largest = 0;
  for (float value : values) {
    sum += value;
    squares += (value - 1.0) * (value - 1.0);
    largest = std::max(largest, std::fabs(value - 1.0));
  }
  double count = double(values.size());
  EXPECT_NEAR(sum / count, 1, 0.01);
  EXPECT_NEAR(std::sqrt(squares / count), 0.5, 0.01);
  EXPECT_LE(largest, 0.5 * unitAmplitude);
}

TEST(Random, is_rounded_once_to_the_type) {
  std::vector<float> wide(999);
  RandomValues(MOELORA_BF16, MOELORA_F32, {0, 1}).fill(wide.data(), 999, 1);
  for (float value : wide)
    ASSERT_EQ(value, roundTo(MOELORA_BF16, value));
}

TEST(Random, ids_lie_below_the_limit) {
  std::vector<int32_t> ids = randomIds(10000, 7, 1);
  EXPECT_THAT(ids,
              testing::Each(testing::AllOf(testing::Ge(0), testing::Lt(7))));
  for (int32_t id = 0; id < 7; ++id)
    EXPECT_THAT(ids, testing::Contains(id));
}

TEST(Random, numbers_are_those_of_splitmix64) {
  RandomNumbers random(1234567);
  EXPECT_EQ(random.next(), 6457827717110365317u);
  EXPECT_EQ(random.next(), 3203168211198807973u);
  EXPECT_EQ(random.next(), 9817491932198370423u);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_THAT(random.between(-2, 3),
                testing::AllOf(testing::Ge(-2), testing::Le(3)));
    EXPECT_LT(std::fabs(random.real()), 1);
  }
}
