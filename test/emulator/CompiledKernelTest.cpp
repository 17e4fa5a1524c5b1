// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels of the nvvm dialect, compiled for the host and run on the emulator.

#include "CompiledKernels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

/// A small number as bf16, which is the upper half of its f32.
uint16_t bf16(float value) {
  uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return uint16_t(bits >> 16);
}

float number(int i) { return float(i * 7 % 11 - 5); }

/// d[16][8] = a[16][16] b[8][16]^T: both go to shared memory by asynchronous
/// copies of 16 bytes and from there to registers by ldmatrix. Lanes 16 to 31
/// copy nothing of b, so that zeros are written behind it.
TEST(CompiledKernel, MultipliesThroughSharedMemory) {
  CompiledKernels kernels("multiply");
  std::vector<uint16_t> a, b;
  for (int i = 0; i < 16 * 16; ++i)
    a.push_back(bf16(number(i)));
  for (int i = 0; i < 8 * 16; ++i)
    b.push_back(bf16(number(i * 3 + 1)));
  struct {
    void *a, *b, *d;
  } parameters = {kernels.upload(a), kernels.upload(b),
                  kernels.allocate(16 * 8 * sizeof(float))};
  ASSERT_EQ(kernels.launch("multiply", {1, 32, 1024}, parameters), "");
  std::vector<float> d = kernels.download<float>(parameters.d, 16 * 8);
  for (int row = 0; row < 16; ++row)
    for (int column = 0; column < 8; ++column) {
      float expected = 0;
      for (int k = 0; k < 16; ++k)
        expected += number(row * 16 + k) * number((column * 16 + k) * 3 + 1);
      EXPECT_EQ(d[size_t(row * 8 + column)], expected) << row << ' ' << column;
    }
}

/// Each lane of two warps stores the values that it received from the others.
TEST(CompiledKernel, ExchangesValuesBetweenLanes) {
  CompiledKernels kernels("exchange");
  struct {
    uint8_t skip;
    void *out;
  } parameters = {0, kernels.allocate(64 * 7 * sizeof(uint32_t))};
  ASSERT_EQ(kernels.launch("exchange", {1, 64, 0}, parameters), "");
  auto out = kernels.download<uint32_t>(parameters.out, 64 * 7);
  for (uint32_t thread = 0; thread < 64; ++thread) {
    const uint32_t *own = &out[thread * 7];
    uint32_t lane = thread % 32;
    EXPECT_EQ(own[0], thread ^ 7);
    EXPECT_EQ(own[1], lane > 0);
    EXPECT_EQ(own[2], 0xaaaaaaaau);
    EXPECT_EQ(own[3], 0x11111111u << (lane % 4));
    EXPECT_EQ(own[4], 31u * 32 / 2);
    EXPECT_EQ(own[5], thread / 32 * 32);
    EXPECT_EQ(own[6], 32u);
  }
}

/// Rounds pairs to bf16 and f16, and transposes what the lanes have.
TEST(CompiledKernel, RoundsAndTransposes) {
  CompiledKernels kernels("convert");
  std::vector<float> in;
  for (int i = 0; i < 64; ++i)
    in.push_back(float(i));
  in[0] = 1 + 0x1p-8f;  // a tie of bf16, whose even neighbour is below
  in[1] = 1 + 0x3p-8f;  // one whose even neighbour is above
  in[2] = 1 + 0x1p-11f; // a tie of f16
  in[3] = -2;
  struct {
    void *in, *out;
  } parameters = {kernels.upload(in), kernels.allocate(32 * 16)};
  ASSERT_EQ(kernels.launch("convert", {1, 32, 0}, parameters), "");
  auto out = kernels.download<uint32_t>(parameters.out, 32 * 4);
  EXPECT_EQ(out[0], 0x3f82u << 16 | 0x3f80u);
  EXPECT_EQ(out[4 + 1], 0xc000u << 16 | 0x3c00u);
  float power = 0;
  std::memcpy(&power, &out[4 * 4 + 2], sizeof power);
  EXPECT_EQ(power, 256); // of lane 4, whose first number is 8
  // Lane l has row l / 4, columns 2 (l % 4) and the next; transposed, the
  // low half of lane 9 is row 2, column 2 of that: row 2, column 2 itself.
  EXPECT_EQ(out[9 * 4 + 3] & 0xffff, out[9 * 4] & 0xffff);
  // Lane 1 of the result is column 0 of rows 2 and 3.
  EXPECT_EQ(out[1 * 4 + 3],
            (out[12 * 4] & 0xffff) << 16 | (out[8 * 4] & 0xffff));
}

/// The last block to arrive adds what all have stored.
TEST(CompiledKernel, AddsWhatTheLastBlockFinds) {
  for (const char *schedule : {"round-robin", "random", "adversarial"}) {
    CompiledKernels kernels("reduce", std::string("schedule=") + schedule);
    struct {
      void *partial, *arrived, *sum;
    } parameters = {kernels.allocate(20 * sizeof(int32_t)),
                    kernels.upload(std::vector<int32_t>{0}),
                    kernels.allocate(sizeof(int32_t))};
    ASSERT_EQ(kernels.launch("reduce", {20, 1, 0}, parameters), "");
    EXPECT_EQ(kernels.download<int32_t>(parameters.sum, 1)[0],
              19 * 20 * 39 / 6);
  }
}

/// Reads one number of a region that has four.
TEST(CompiledKernel, NamesThePlaceOfAFault) {
  struct {
    void *all;
    int32_t index;
  } parameters;
  {
    CompiledKernels kernels("bounded");
    parameters = {kernels.upload(std::vector<int32_t>(8, 3)), 3};
    EXPECT_EQ(kernels.launch("bounded", {1, 1, 0}, parameters), "");
  }
  CompiledKernels kernels("bounded");
  parameters = {kernels.upload(std::vector<int32_t>(8, 3)), 4};
  std::string why = kernels.launch("bounded", {1, 1, 0}, parameters);
  EXPECT_THAT(why, HasSubstr("llvm.load at its own number"));
  EXPECT_THAT(why, HasSubstr("16 bytes of its region"));
}

} // namespace
