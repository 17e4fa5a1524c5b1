/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Names without an expert's number: stacks with a dimension for the experts,
 * and matrices that all experts share.
 */
#include "Files.h"

#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

constexpr int64_t rank = 2;
const std::string stack = inLayer(0, "mlp.experts.");
const std::string lastA = ".lora_A.weight", lastB = ".lora_B.weight";

/// [row][column] of one matrix of a stack, or of the only one.
float at(const Matrix &matrix, int64_t e, int64_t i, int64_t j) {
  int64_t first = matrix.count > 1 ? e * matrix.rows : 0;
  return matrix(first + i, j);
}

/// Pairs of all experts are A and B of `tensors`, B's rows from `firstOut`, in
/// steps.
void expectStack(const Opened &opened, int projection, const Matrix &a,
                 const Matrix &b, int64_t firstOut = 0, int64_t step = 1) {
  for (int e = 0; e < experts; ++e) {
    Pair pair = readPair(opened.get(), 0, projection, e);
    ASSERT_EQ(pair.info.rank, rank) << opened.text;
    for (int64_t j = 0; j < rank; ++j) {
      for (int64_t i = 0; i < pair.info.in; ++i)
        EXPECT_EQ(pair.a(j, i), at(a, e, j, i));
      for (int64_t o = 0; o < pair.info.out; ++o)
        EXPECT_EQ(pair.b(o, j), at(b, e, firstOut + o * step, j));
    }
  }
}

Opened openFile(const Tensors &tensors, const Model &model = Model()) {
  Folder folder;
  writeAdapter(folder, config(rank, 3), tensors);
  return open(folder, model);
}

/// gate_up A and down B once for all, the rest for each expert.
Tensors sharedOuter(const char *gate, const char *up, const char *down) {
  Tensors tensors;
  unsigned seed = 10;
  for (const char *name : {gate, up}) {
    tensors[stack + name + lastA] = randomStack(1, rank, hidden, seed++);
    tensors[stack + name + lastB] =
        randomStack(experts, intermediate, rank, seed++);
  }
  tensors[stack + down + lastA] =
      randomStack(experts, rank, intermediate, seed++);
  tensors[stack + down + lastB] = randomStack(1, hidden, rank, seed);
  return tensors;
}

} // namespace

TEST(AdapterStack, shared_outer_projections) {
  const char *spellings[][3] = {{"w1", "w3", "w2"},
                                {"gate_proj", "up_proj", "down_proj"}};
  for (const auto &[gate, up, down] : spellings) {
    Tensors tensors = sharedOuter(gate, up, down);
    Opened opened = openFile(tensors);
    ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
    expectStack(opened, MOELORA_GATE, tensors[stack + gate + lastA],
                tensors[stack + gate + lastB]);
    expectStack(opened, MOELORA_UP, tensors[stack + up + lastA],
                tensors[stack + up + lastB]);
    expectStack(opened, MOELORA_DOWN, tensors[stack + down + lastA],
                tensors[stack + down + lastB]);
    EXPECT_EQ(readPair(opened.get(), 0, MOELORA_UP, 2).info.scale, 1.5);
  }
}

TEST(AdapterStack, gate_and_up_in_one) {
  Tensors tensors;
  Matrix &a = tensors[stack + "gate_up_proj" + lastA] =
      randomStack(1, rank, hidden, 1);
  Matrix &b = tensors[stack + "gate_up_proj" + lastB] =
      randomStack(experts, 2 * intermediate, rank, 2);
  Opened opened = openFile(tensors);
  ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
  expectStack(opened, MOELORA_GATE, a, b);
  expectStack(opened, MOELORA_UP, a, b, intermediate);
  EXPECT_EQ(readPair(opened.get(), 0, MOELORA_UP, 0).info.shares_a, 1);
  Model model;
  model.sites[0].interleaved = 1;
  opened = openFile(tensors, model);
  expectStack(opened, MOELORA_GATE, a, b, 0, 2);
  expectStack(opened, MOELORA_UP, a, b, 1, 2);
}

TEST(AdapterStack, one_dimension_for_each_expert) {
  Tensors tensors;
  Matrix &a = tensors[stack + "down_proj" + lastA] =
      randomStack(experts, rank, intermediate, 1);
  Matrix &b = tensors[stack + "down_proj" + lastB] =
      randomStack(experts, hidden, rank, 2);
  Opened opened = openFile(tensors);
  ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
  expectStack(opened, MOELORA_DOWN, a, b);
}

TEST(AdapterStack, shared_matrix_beside_numbered_ones) {
  // Two dimensions, or three with one expert: both are the shared half.
  for (int64_t count : {0, 1}) {
    Tensors tensors;
    Matrix &a = tensors[stack + "up_proj" + lastA] =
        randomMatrix(rank, hidden, 1);
    Matrix &b = tensors[stack + "down_proj" + lastB] =
        randomMatrix(hidden, rank, 2);
    a.count = b.count = count;
    Matrix upB = randomStack(experts, intermediate, rank, 3);
    for (int e = 0; e < experts; ++e) {
      Matrix own = {intermediate, rank, {}, 0};
      for (int64_t i = 0; i < intermediate * rank; ++i)
        own.data.push_back(
            upB.data[static_cast<size_t>(e * intermediate * rank + i)]);
      tensors[stack + std::to_string(e) + ".up_proj" + lastB] = own;
    }
    tensors[stack + "1.down_proj" + lastA] =
        randomMatrix(rank, intermediate, 4);
    Opened opened = openFile(tensors);
    ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
    expectStack(opened, MOELORA_UP, a, upB);
    EXPECT_EQ(readPair(opened.get(), 0, MOELORA_DOWN, 1).b.data, b.data);
    EXPECT_EQ(readPair(opened.get(), 0, MOELORA_DOWN, 0).info.rank, 0);
  }
}

TEST(AdapterStack, refused) {
  Tensors half, wrong, numbered, twice;
  half[stack + "up_proj" + lastA] = randomMatrix(rank, hidden, 1);
  EXPECT_THAT(openFile(half).text, HasSubstr("has no lora_B"));
  wrong = half;
  wrong[stack + "up_proj" + lastB] =
      randomStack(experts - 1, intermediate, rank, 2);
  EXPECT_THAT(openFile(wrong).text,
              HasSubstr("to have the shape (1 or 3, 5, 2)"));
  numbered[stack + "1.up_proj" + lastA] = randomStack(1, rank, hidden, 1);
  numbered[stack + "1.up_proj" + lastB] = randomMatrix(intermediate, rank, 1);
  EXPECT_THAT(openFile(numbered).text,
              HasSubstr("to have 2 dimensions, but its shape is (1, 2, 8)"));
  twice = sharedOuter("w1", "w3", "w2");
  addPair(twice, stack + "1.up_proj", rank, hidden, intermediate);
  EXPECT_THAT(openFile(twice).text,
              HasSubstr("is the second one for its place"));
}
