// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compares mma.sync with the layouts that the PTX ISA states.

#include "Emulator.h"

#include <gmock/gmock.h>

#include <cstring>

#include <cmath>
#include <random>

using namespace moelora;
using namespace moelora::test;

namespace {

constexpr uint32_t lanes = 32;

/// The positions that the PTX ISA gives for element i of a lane.
struct Position {
  uint32_t row, column;
};
Position positionInA(uint32_t lane, uint32_t i, uint32_t depth) {
  uint32_t group = lane / 4, inGroup = lane % 4;
  if (depth == 8)
    return {i < 2 ? group : group + 8, inGroup * 2 + (i & 1)};
  bool upper = i < 2 || (4 <= i && i < 6);
  return {upper ? group : group + 8, inGroup * 2 + (i & 1) + (i < 4 ? 0 : 8)};
}
Position positionInB(uint32_t lane, uint32_t i) {
  return {lane % 4 * 2 + (i & 1) + (i < 2 ? 0 : 8), lane / 4};
}
Position positionInC(uint32_t lane, uint32_t i) {
  return {i < 2 ? lane / 4 : lane / 4 + 8, lane % 4 * 2 + (i & 1)};
}

struct MmaCase {
  const uint32_t *a, *b; ///< registers of each lane
  const float *c;
  float *d;
  uint32_t kind;
};

void multiply(Gpu gpu, const MmaCase &test) {
  uint32_t lane = gpu.lane(), a[4], b[2];
  float c[4];
  for (uint32_t r = 0; r < 4; ++r) {
    a[r] = gpu.load(&test.a[lane * 4 + r], 0);
    c[r] = gpu.load(&test.c[lane * 4 + r], 1);
  }
  for (uint32_t r = 0; r < 2; ++r)
    b[r] = gpu.load(&test.b[lane * 2 + r], 2);
  gpu.calls().mma(gpu.self, test.kind, a, b, c, c, 3);
  for (uint32_t r = 0; r < 4; ++r)
    gpu.store(&test.d[lane * 4 + r], c[r], 4);
}

uint16_t bitsOf(uint32_t kind, float value) {
  if (kind == MOELORA_EMULATOR_MMA_M16N8K16_BF16 ||
      kind == MOELORA_EMULATOR_MMA_M16N8K8_BF16) {
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    return static_cast<uint16_t>(bits >> 16); // exact for the operands
  }
  auto rounded = static_cast<_Float16>(value);
  uint16_t bits;
  std::memcpy(&bits, &rounded, 2);
  return bits;
}

struct Product {
  float a[16][16] = {}, b[16][8] = {}, c[16][8] = {}, d[16][8] = {};
};

/// Runs mma.sync on operands in the layouts of the PTX ISA.
void run(uint32_t kind, Product &p) {
  uint32_t depth = kind < MOELORA_EMULATOR_MMA_M16N8K8_BF16 ? 16 : 8;
  std::vector<uint16_t> a(lanes * 8), b(lanes * 4);
  std::vector<float> c(lanes * 4);
  for (uint32_t lane = 0; lane < lanes; ++lane) {
    for (uint32_t i = 0; i < depth / 2; ++i) {
      auto [row, k] = positionInA(lane, i, depth);
      a[lane * 8 + i] = bitsOf(kind, p.a[row][k]);
    }
    for (uint32_t i = 0; i < depth / 4; ++i) {
      auto [k, column] = positionInB(lane, i);
      b[lane * 4 + i] = bitsOf(kind, p.b[k][column]);
    }
    for (uint32_t i = 0; i < 4; ++i) {
      auto [row, column] = positionInC(lane, i);
      c[lane * 4 + i] = p.c[row][column];
    }
  }
  Emulator emulator;
  MmaCase test = {reinterpret_cast<uint32_t *>(emulator.upload(a)),
                  reinterpret_cast<uint32_t *>(emulator.upload(b)),
                  emulator.upload(c), emulator.allocate<float>(lanes * 4),
                  kind};
  ASSERT_EQ(emulator.launch<MmaCase>(multiply, {}, test).fault, "");
  std::vector<float> d = emulator.download(test.d, lanes * 4);
  for (uint32_t lane = 0; lane < lanes; ++lane)
    for (uint32_t i = 0; i < 4; ++i) {
      auto [row, column] = positionInC(lane, i);
      p.d[row][column] = d[lane * 4 + i];
    }
}

class EmulatedMma : public testing::TestWithParam<uint32_t> {
protected:
  uint32_t depth() const {
    return GetParam() < MOELORA_EMULATOR_MMA_M16N8K8_BF16 ? 16 : 8;
  }
};

/// The operands are small integers, so sums in any order are exact.
TEST_P(EmulatedMma, MultipliesMatrices) {
  std::mt19937 random(1);
  std::uniform_int_distribution<int> small(-8, 8);
  Product p;
  for (auto &row : p.a)
    for (float &value : row)
      value = small(random);
  for (auto &row : p.b)
    for (float &value : row)
      value = small(random);
  for (auto &row : p.c)
    for (float &value : row)
      value = small(random);
  run(GetParam(), p);
  for (uint32_t row = 0; row < 16; ++row)
    for (uint32_t column = 0; column < 8; ++column) {
      float expected = p.c[row][column];
      for (uint32_t k = 0; k < depth(); ++k)
        expected += p.a[row][k] * p.b[k][column];
      EXPECT_EQ(p.d[row][column], expected) << row << " " << column;
    }
}

/// Adds 2^-24 to 1 twice. Each addition is rounded back to 1, but the addition
/// of their sum would not be.
TEST_P(EmulatedMma, AddsInAscendingOrder) {
  Product p;
  p.c[3][5] = 1;
  p.a[3][0] = p.a[3][1] = 0x1p-12f;
  p.b[0][5] = p.b[1][5] = 0x1p-12f;
  p.c[4][5] = 0x1p-24f;
  p.a[4][1] = 1;
  p.b[1][5] = 0x1p-12f;
  p.a[4][0] = 0x1p-12f;
  run(GetParam(), p);
  EXPECT_EQ(p.d[3][5], 1);
  EXPECT_EQ(p.d[4][5], 0x1p-23f + 0x1p-12f);
}

TEST_P(EmulatedMma, KeepsWhatIsNotFinite) {
  Product p;
  p.a[0][0] = INFINITY;
  p.a[1][0] = NAN;
  p.a[2][0] = -INFINITY;
  p.b[0][0] = 1;
  run(GetParam(), p);
  EXPECT_EQ(p.d[0][0], INFINITY);
  EXPECT_TRUE(std::isnan(p.d[0][1])); // infinity times 0
  EXPECT_TRUE(std::isnan(p.d[1][0]));
  EXPECT_EQ(p.d[2][0], -INFINITY);
  EXPECT_EQ(p.d[3][0], 0);
}

INSTANTIATE_TEST_SUITE_P(Of, EmulatedMma, testing::Range(0u, 4u));

/// The least positive number, the largest subnormal one, and the least normal
/// one.
TEST(EmulatedMmaOfHalves, ReadsSubnormalNumbers) {
  Product p;
  p.a[0][0] = 0x1p-24f;
  p.a[1][0] = 0x1.ff8p-15f;
  p.a[2][0] = -65504;
  p.b[0][0] = 0x1p-14f;
  run(MOELORA_EMULATOR_MMA_M16N8K16_F16, p);
  EXPECT_EQ(p.d[0][0], 0x1p-38f);
  EXPECT_EQ(p.d[1][0], 0x1.ff8p-29f);
  EXPECT_EQ(p.d[2][0], -65504 * 0x1p-14f);
}

} // namespace
