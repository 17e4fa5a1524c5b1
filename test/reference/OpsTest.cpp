// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The row ops, on numbers small enough to check by hand.

#include "moelora/reference/Ops.h"

#include <cmath>
#include <gmock/gmock.h>
#include <limits>

using namespace moelora::reference;
using testing::ElementsAre;

namespace {

const Rounding exact = Rounding::exact();

MatrixView view(const Vector &data, int64_t rows, int64_t columns) {
  return {MOELORA_F64, data.data(), rows, columns, columns};
}

uint64_t word(uint64_t generation, uint64_t address) {
  return generation << 40 | address;
}

TEST(ResolveSlot, only_what_is_published_under_that_generation) {
  std::vector<uint64_t> words = {word(0, 64), word(3, 128), word(3, 0)};
  EXPECT_EQ(resolveSlot(0, words, 16), 0);
  EXPECT_EQ(resolveSlot(3 << 16 | 1, words, 16), 1);
  EXPECT_EQ(resolveSlot(2 << 16 | 1, words, 16), -1); // an earlier tenant's
  EXPECT_EQ(resolveSlot(1, words, 16), -1);
  EXPECT_EQ(resolveSlot(3 << 16 | 2, words, 16), -1); // nothing is there
  EXPECT_EQ(resolveSlot(3, words, 16), -1);           // no such slot
  EXPECT_EQ(resolveSlot(-1, words, 16), -1);
  EXPECT_EQ(resolveSlot(std::numeric_limits<int32_t>::min(), words, 16), -1);
}

TEST(ResolveSlot, an_index_has_as_many_bits_as_it_is_told) {
  std::vector<uint64_t> words = {word(0, 64), word(3, 128), word(3, 0)};
  EXPECT_EQ(resolveSlot(3 << 2 | 1, words, 2), 1);
  EXPECT_EQ(resolveSlot(3 << 2 | 1, words, 3), -1);
  EXPECT_EQ(resolveSlot(3 << 3 | 1, words, 3), 1);
}

TEST(ExpertGemm, matrix_times_row_and_bias) {
  Vector w = {1, -2, 3, //
              0, 5,  -1};
  // 1*2 - 2*-1 + 3*4 = 16;  5*-1 - 1*4 = -9
  EXPECT_THAT(expertGemm(view(w, 2, 3), {2, -1, 4}, {}, exact),
              ElementsAre(16, -9));
  EXPECT_THAT(expertGemm(view(w, 2, 3), {2, -1, 4}, {0.5, -1}, exact),
              ElementsAre(16.5, -10));
}

TEST(ExpertGemm, reads_every_element_type_and_stride) {
  uint16_t brain[] = {0x3f80, 0xc000, 0x7fc0,  // 1, -2, (a NaN in the gap)
                      0x4040, 0x3f00, 0x7fc0}; // 3, 0.5
  MatrixView weight = {MOELORA_BF16, brain, 2, 2, 3};
  EXPECT_THAT(multiply(weight, {4, 1}), ElementsAre(2, 12.5));
  uint16_t half[] = {0x3c00, 0xc000};
  EXPECT_THAT(multiply({MOELORA_F16, half, 1, 2, 2}, {4, 1}), ElementsAre(2));
  float single[] = {1, -2};
  EXPECT_THAT(multiply({MOELORA_F32, single, 1, 2, 2}, {4, 1}), ElementsAre(2));
}

TEST(LoraDelta, adds_scaled_product) {
  Vector a = {1, -1};    // [1, 2]
  Vector b = {2, 0, -3}; // [3, 1]
  LoraPair pair = {view(a, 1, 2), view(b, 3, 1), 0.5};
  // u = 0.5 * (5 - 1) = 2; b u = 4, 0, -6
  EXPECT_THAT(loraDelta({1, 1, 1}, &pair, {5, 1}, exact),
              ElementsAre(5, 1, -5));
}

TEST(LoraDelta, none_gives_the_accumulator_back) {
  double nan = std::numeric_limits<double>::quiet_NaN();
  Vector same = loraDelta({-0.0, 1e-300}, nullptr, {nan},
                          Rounding::rounded(MOELORA_BF16, MOELORA_BF16));
  EXPECT_TRUE(std::signbit(same[0]));
  EXPECT_EQ(same[1], 1e-300); // not even rounded
}

TEST(LoraDelta, gate_and_up_have_halves_of_their_own) {
  Vector one = {1}, ten = {10}, b = {1};
  LoraPair gate = {view(one, 1, 1), view(b, 1, 1), 1};
  LoraPair up = {view(ten, 1, 1), view(b, 1, 1), 3};
  EXPECT_THAT(loraDelta({100, 200}, &gate, &up, {2}, exact),
              ElementsAre(102, 260));
  EXPECT_THAT(loraDelta({100, 200}, nullptr, &up, {2}, exact),
              ElementsAre(100, 260));
}

TEST(LoraDelta, u_is_rounded_once_after_the_scale) {
  // A x = 1 + 2^-8 is a tie in bf16; three times that rounds to 3 + 2^-6.
  Vector a = {1 + 0x1p-8}, b = {1};
  LoraPair pair = {view(a, 1, 1), view(b, 1, 1), 3};
  Rounding rounded = Rounding::rounded(MOELORA_F32, MOELORA_BF16);
  EXPECT_THAT(loraDelta({0}, &pair, {1}, rounded), ElementsAre(3 + 0x1p-6));
}

} // namespace
