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
constexpr const char *multiply = R"(
  llvm.func @multiply(%a: !llvm.ptr<1>, %b: !llvm.ptr<1>, %d: !llvm.ptr<1>) attributes {nvvm.kernel} {
    %c1 = llvm.mlir.constant(1 : i32) : i32
    %c2 = llvm.mlir.constant(2 : i32) : i32
    %c3 = llvm.mlir.constant(3 : i32) : i32
    %c4 = llvm.mlir.constant(4 : i32) : i32
    %c5 = llvm.mlir.constant(5 : i32) : i32
    %c7 = llvm.mlir.constant(7 : i32) : i32
    %c8 = llvm.mlir.constant(8 : i32) : i32
    %c15 = llvm.mlir.constant(15 : i32) : i32
    %c16 = llvm.mlir.constant(16 : i32) : i32
    %c0 = llvm.mlir.constant(0 : i32) : i32
    %c512 = llvm.mlir.constant(512 : i32) : i32
    %zero = llvm.mlir.constant(0.0 : f32) : f32
    %lane = nvvm.read.ptx.sreg.tid.x : i32
    %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
    %sharedB = llvm.getelementptr %shared[%c512] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8

    %offset = llvm.mul %lane, %c16 : i32
    %toA = llvm.getelementptr %shared[%offset] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
    %toB = llvm.getelementptr %sharedB[%offset] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
    %fromA = llvm.getelementptr %a[%offset] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
    %fromB = llvm.getelementptr %b[%offset] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
    %hasB = llvm.icmp "ult" %lane, %c16 : i32
    %bytes = llvm.select %hasB, %c16, %c0 : i1, i32
    nvvm.cp.async.shared.global %toA, %fromA, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
    nvvm.cp.async.shared.global %toB, %fromB, 16, cache = cg, %bytes : !llvm.ptr<3>, !llvm.ptr<1>, i32
    nvvm.cp.async.commit.group
    nvvm.cp.async.wait.group 0
    nvvm.barrier0

    %rowA = llvm.and %lane, %c15 : i32
    %halfA = llvm.lshr %lane, %c4 : i32
    %rowA32 = llvm.shl %rowA, %c5 : i32
    %halfA16 = llvm.shl %halfA, %c4 : i32
    %atA = llvm.add %rowA32, %halfA16 : i32
    %rowB = llvm.and %lane, %c7 : i32
    %halfB = llvm.lshr %lane, %c3 : i32
    %oddB = llvm.and %halfB, %c1 : i32
    %rowB32 = llvm.shl %rowB, %c5 : i32
    %oddB16 = llvm.shl %oddB, %c4 : i32
    %atB = llvm.add %rowB32, %oddB16 : i32
    %addressA = llvm.getelementptr %shared[%atA] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
    %addressB = llvm.getelementptr %sharedB[%atB] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
    %ma = nvvm.ldmatrix %addressA {num = 4 : i32, layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32, i32, i32)>
    %mb = nvvm.ldmatrix %addressB {num = 2 : i32, layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32)>
    %a0 = llvm.extractvalue %ma[0] : !llvm.struct<(i32, i32, i32, i32)>
    %a1 = llvm.extractvalue %ma[1] : !llvm.struct<(i32, i32, i32, i32)>
    %a2 = llvm.extractvalue %ma[2] : !llvm.struct<(i32, i32, i32, i32)>
    %a3 = llvm.extractvalue %ma[3] : !llvm.struct<(i32, i32, i32, i32)>
    %b0 = llvm.extractvalue %mb[0] : !llvm.struct<(i32, i32)>
    %b1 = llvm.extractvalue %mb[1] : !llvm.struct<(i32, i32)>
    %md = nvvm.mma.sync A[%a0, %a1, %a2, %a3] B[%b0, %b1] C[%zero, %zero, %zero, %zero]
      {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, multiplicandAPtxType = #nvvm.mma_type<bf16>, multiplicandBPtxType = #nvvm.mma_type<bf16>, shape = #nvvm.shape<m = 16, n = 8, k = 16>}
      : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
    %d0 = llvm.extractvalue %md[0] : !llvm.struct<(f32, f32, f32, f32)>
    %d1 = llvm.extractvalue %md[1] : !llvm.struct<(f32, f32, f32, f32)>
    %d2 = llvm.extractvalue %md[2] : !llvm.struct<(f32, f32, f32, f32)>
    %d3 = llvm.extractvalue %md[3] : !llvm.struct<(f32, f32, f32, f32)>

    %group = llvm.lshr %lane, %c2 : i32
    %member = llvm.and %lane, %c3 : i32
    %row8 = llvm.shl %group, %c3 : i32
    %column = llvm.shl %member, %c1 : i32
    %at0 = llvm.add %row8, %column : i32
    %at1 = llvm.add %at0, %c1 : i32
    %c64 = llvm.mlir.constant(64 : i32) : i32
    %at2 = llvm.add %at0, %c64 : i32
    %at3 = llvm.add %at1, %c64 : i32
    %to0 = llvm.getelementptr %d[%at0] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
    %to1 = llvm.getelementptr %d[%at1] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
    %to2 = llvm.getelementptr %d[%at2] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
    %to3 = llvm.getelementptr %d[%at3] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
    llvm.store %d0, %to0 : f32, !llvm.ptr<1>
    llvm.store %d1, %to1 : f32, !llvm.ptr<1>
    llvm.store %d2, %to2 : f32, !llvm.ptr<1>
    llvm.store %d3, %to3 : f32, !llvm.ptr<1>
    llvm.return
  }
)";

TEST(CompiledKernel, MultipliesThroughSharedMemory) {
  CompiledKernels kernels(multiply);
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

/// Each lane of two warps stores what it has from the others.
constexpr const char *exchange = R"(
  llvm.func @exchange(%skip: i8, %out: !llvm.ptr<1>) attributes {nvvm.kernel} {
    %all = llvm.mlir.constant(-1 : i32) : i32
    %c0 = llvm.mlir.constant(0 : i32) : i32
    %c1 = llvm.mlir.constant(1 : i32) : i32
    %c2 = llvm.mlir.constant(2 : i32) : i32
    %c3 = llvm.mlir.constant(3 : i32) : i32
    %c7 = llvm.mlir.constant(7 : i32) : i32
    %c31 = llvm.mlir.constant(31 : i32) : i32
    %c32 = llvm.mlir.constant(32 : i32) : i32
    %thread = nvvm.read.ptx.sreg.tid.x : i32
    %lane = nvvm.read.ptx.sreg.laneid : i32
    %odd = llvm.and %lane, %c1 : i32
    %isOdd = llvm.icmp "eq" %odd, %c1 : i32
    %third = llvm.and %lane, %c3 : i32
    %other = nvvm.shfl.sync bfly %all, %thread, %c7, %c31 : i32 -> i32
    %below = nvvm.shfl.sync up %all, %thread, %c1, %c0 {return_value_and_is_valid} : i32 -> !llvm.struct<(i32, i1)>
    %from = llvm.extractvalue %below[0] : !llvm.struct<(i32, i1)>
    %valid = llvm.extractvalue %below[1] : !llvm.struct<(i32, i1)>
    %ballot = nvvm.vote.sync ballot %all, %isOdd -> i32
    %same = nvvm.match.sync any %all, %third : i32 -> i32
    %sum = nvvm.redux.sync add %lane, %all : i32 -> i32
    %least = nvvm.redux.sync umin %thread, %all : i32 -> i32
    %count = nvvm.barrier #nvvm.reduction<popc> %odd -> i32
    %validBit = llvm.zext %valid : i1 to i32
    %base = llvm.mul %thread, %c7 : i32
    %at0 = llvm.getelementptr %out[%base] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    llvm.store %other, %at0 : i32, !llvm.ptr<1>
    %at1 = llvm.getelementptr %at0[1] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
    llvm.store %validBit, %at1 : i32, !llvm.ptr<1>
    %at2 = llvm.getelementptr %at0[2] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
    llvm.store %ballot, %at2 : i32, !llvm.ptr<1>
    %at3 = llvm.getelementptr %at0[3] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
    llvm.store %same, %at3 : i32, !llvm.ptr<1>
    %at4 = llvm.getelementptr %at0[4] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
    llvm.store %sum, %at4 : i32, !llvm.ptr<1>
    %at5 = llvm.getelementptr %at0[5] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
    llvm.store %least, %at5 : i32, !llvm.ptr<1>
    %at6 = llvm.getelementptr %at0[6] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
    llvm.store %count, %at6 : i32, !llvm.ptr<1>
    llvm.return
  }
)";

TEST(CompiledKernel, ExchangesValuesBetweenLanes) {
  CompiledKernels kernels(exchange);
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
constexpr const char *convert = R"(
  llvm.func @convert(%in: !llvm.ptr<1>, %out: !llvm.ptr<1>) attributes {nvvm.kernel} {
    %c4 = llvm.mlir.constant(4 : i32) : i32
    %lane = nvvm.read.ptx.sreg.tid.x : i32
    %at = llvm.getelementptr %in[%lane] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, vector<2xf32>
    %pair = llvm.load %at {alignment = 8 : i64} : !llvm.ptr<1> -> vector<2xf32>
    %i0 = llvm.mlir.constant(0 : i32) : i32
    %i1 = llvm.mlir.constant(1 : i32) : i32
    %low = llvm.extractelement %pair[%i0 : i32] : vector<2xf32>
    %high = llvm.extractelement %pair[%i1 : i32] : vector<2xf32>
    %b = nvvm.convert.f32x2.to.bf16x2 %high, %low {rnd = #nvvm.fp_rnd_mode<rn>} : vector<2xbf16>
    %h = nvvm.convert.f32x2.to.f16x2 %high, %low {rnd = #nvvm.fp_rnd_mode<rn>} : vector<2xf16>
    %e = llvm.call_intrinsic "llvm.nvvm.ex2.approx.f"(%low) : (f32) -> f32
    %bits = llvm.bitcast %b : vector<2xbf16> to i32
    %moved = llvm.inline_asm has_side_effects "movmatrix.sync.aligned.m8n8.trans.b16 $0, $1;", "=r,r" %bits : (i32) -> i32
    %base = llvm.mul %lane, %c4 : i32
    %to0 = llvm.getelementptr %out[%base] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    %to1 = llvm.getelementptr %to0[1] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
    %to2 = llvm.getelementptr %to0[2] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
    %to3 = llvm.getelementptr %to0[3] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
    llvm.store %bits, %to0 : i32, !llvm.ptr<1>
    %halves = llvm.bitcast %h : vector<2xf16> to i32
    llvm.store %halves, %to1 : i32, !llvm.ptr<1>
    llvm.store %e, %to2 : f32, !llvm.ptr<1>
    llvm.store %moved, %to3 : i32, !llvm.ptr<1>
    llvm.return
  }
)";

TEST(CompiledKernel, RoundsAndTransposes) {
  CompiledKernels kernels(convert);
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
constexpr const char *reduce = R"(
  llvm.func @reduce(%partial: !llvm.ptr<1>, %arrived: !llvm.ptr<1>, %sum: !llvm.ptr<1>) attributes {nvvm.kernel} {
    %c0 = llvm.mlir.constant(0 : i32) : i32
    %c1 = llvm.mlir.constant(1 : i32) : i32
    %block = nvvm.read.ptx.sreg.ctaid.x : i32
    %blocks = nvvm.read.ptx.sreg.nctaid.x : i32
    %own = llvm.getelementptr %partial[%block] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    %value = llvm.mul %block, %block : i32
    llvm.store %value, %own : i32, !llvm.ptr<1>
    nvvm.memory.barrier <gpu>
    %before = llvm.atomicrmw add %arrived, %c1 syncscope("device") monotonic : !llvm.ptr<1>, i32
    nvvm.memory.barrier <gpu>
    %last = llvm.sub %blocks, %c1 : i32
    %isLast = llvm.icmp "eq" %before, %last : i32
    llvm.cond_br %isLast, ^add(%c0, %c0 : i32, i32), ^end
  ^add(%i: i32, %total: i32):
    %at = llvm.getelementptr %partial[%i] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    %term = llvm.load %at : !llvm.ptr<1> -> i32
    %next = llvm.add %total, %term : i32
    %j = llvm.add %i, %c1 : i32
    %more = llvm.icmp "ult" %j, %blocks : i32
    llvm.cond_br %more, ^add(%j, %next : i32, i32), ^store(%next : i32)
  ^store(%result: i32):
    llvm.store %result, %sum : i32, !llvm.ptr<1>
    llvm.br ^end
  ^end:
    llvm.return
  }
)";

TEST(CompiledKernel, AddsWhatTheLastBlockFinds) {
  for (const char *schedule : {"round-robin", "random", "adversarial"}) {
    CompiledKernels kernels(reduce, std::string("schedule=") + schedule);
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

/// Reads `count` numbers of a region that has 4.
constexpr const char *bounded = R"(
  llvm.func @moelora.bounded.1(!llvm.ptr<1>, i64) -> !llvm.ptr<1>
  llvm.func @bounded(%all: !llvm.ptr<1>, %index: i32) attributes {nvvm.kernel} {
    %bytes = llvm.mlir.constant(16 : i64) : i64
    %own = llvm.call @moelora.bounded.1(%all, %bytes) : (!llvm.ptr<1>, i64) -> !llvm.ptr<1>
    %at = llvm.getelementptr %own[%index] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    %value = llvm.load %at : !llvm.ptr<1> -> i32 loc("its own number")
    llvm.store %value, %own : i32, !llvm.ptr<1>
    llvm.return
  }
)";

TEST(CompiledKernel, NamesThePlaceOfAFault) {
  struct {
    void *all;
    int32_t index;
  } parameters;
  {
    CompiledKernels kernels(bounded);
    parameters = {kernels.upload(std::vector<int32_t>(8, 3)), 3};
    EXPECT_EQ(kernels.launch("bounded", {1, 1, 0}, parameters), "");
  }
  CompiledKernels kernels(bounded);
  parameters = {kernels.upload(std::vector<int32_t>(8, 3)), 4};
  std::string why = kernels.launch("bounded", {1, 1, 0}, parameters);
  EXPECT_THAT(why, HasSubstr("llvm.load at its own number"));
  EXPECT_THAT(why, HasSubstr("16 bytes of its region"));
}

} // namespace
