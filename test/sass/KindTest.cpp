// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The kinds of instructions, and what they cost.

#include "moelora/sass/Sass.h"

#include <gtest/gtest.h>

using namespace moelora::sass;

namespace {

/// The only kind of an instruction.
const char *kindOf(const char *opcode, const char *operands = "") {
  Mix mix = mixOf(opcode, operands);
  EXPECT_EQ(mix.all(), 1) << opcode;
  for (size_t kind = 0; kind < kinds; ++kind)
    if (mix.counts[kind])
      return nameOf(Kind(kind));
  return "none";
}

TEST(Kind, opcodes_that_begin_alike) {
  EXPECT_STREQ(kindOf("LDGSTS.E.BYPASS.LTC128B.128"), "copy");
  EXPECT_STREQ(kindOf("LDGDEPBAR"), "barrier");
  EXPECT_STREQ(kindOf("LDG.E.128.CONSTANT"), "ldg");
  EXPECT_STREQ(kindOf("LDSM.16.M88.4"), "ldsm");
  EXPECT_STREQ(kindOf("LDS.128"), "shared");
  EXPECT_STREQ(kindOf("LDL.64"), "local");
  EXPECT_STREQ(kindOf("LDC.64"), "move");
  EXPECT_STREQ(kindOf("STG.E.128"), "stg");
  EXPECT_STREQ(kindOf("STS.64"), "shared");
  EXPECT_STREQ(kindOf("STL"), "local");
  EXPECT_STREQ(kindOf("ATOMS.ADD"), "shared");
  EXPECT_STREQ(kindOf("ATOM.E.ADD"), "stg");
  EXPECT_STREQ(kindOf("REDUX.SUM"), "integer");
  EXPECT_STREQ(kindOf("RED.E.ADD"), "stg");
  EXPECT_STREQ(kindOf("FLO.U32"), "integer");
  EXPECT_STREQ(kindOf("FFMA.FTZ"), "float");
  EXPECT_STREQ(kindOf("MOVM.16.MT88"), "other");
  EXPECT_STREQ(kindOf("MOV"), "move");
}

TEST(Kind, arithmetic_that_only_moves) {
  EXPECT_STREQ(kindOf("IMAD.MOV.U32", "R2, RZ, RZ, R5"), "move");
  EXPECT_STREQ(kindOf("IMAD.U32", "R2, RZ, RZ, UR4"), "move");
  EXPECT_STREQ(kindOf("IMAD.U32", "R2, R3, R4, R5"), "integer");
  EXPECT_STREQ(kindOf("IMAD.WIDE", "R2, R3, 0x4, R4"), "integer");
}

TEST(Kind, unknown_opcodes_are_other) {
  EXPECT_STREQ(kindOf("XYZZY.E"), "other");
  EXPECT_STREQ(kindOf(""), "other");
}

TEST(Kind, products_are_counted_as_m16n8k16) {
  EXPECT_EQ(mixOf("HMMA.16816.F32.BF16", "").mmas, 1);
  EXPECT_EQ(mixOf("HMMA.1688.F32.BF16", "").mmas, 0.5);
  EXPECT_EQ(mixOf("HGMMA.64x256x16.F32.BF16", "").mmas, 32);
  EXPECT_EQ(mixOf("HGMMA.64x8x16.F32", "").mmas, 1);
  EXPECT_EQ(mixOf("IADD3", "").mmas, 0);
}

// 128 bytes a cycle, for 32 lanes; a matrix has 128 bytes.
TEST(Kind, cycles_of_shared_memory) {
  EXPECT_EQ(mixOf("LDSM.16.M88.4", "").sharedCycles, 4);
  EXPECT_EQ(mixOf("LDSM.16.MT88.2", "").sharedCycles, 2);
  EXPECT_EQ(mixOf("LDSM.16.M88", "").sharedCycles, 1);
  EXPECT_EQ(mixOf("LDGSTS.E.BYPASS.128", "").sharedCycles, 4);
  EXPECT_EQ(mixOf("LDGSTS.E", "").sharedCycles, 1);
  EXPECT_EQ(mixOf("STS.64", "").sharedCycles, 2);
  EXPECT_EQ(mixOf("LDS", "").sharedCycles, 1);
  EXPECT_EQ(mixOf("LDG.E.128", "").sharedCycles, 0);
  EXPECT_EQ(mixOf("UTMALDG.3D", "").sharedCycles, 0);
}

TEST(Kind, mixes_add_up) {
  Mix sum;
  EXPECT_EQ(sum.tensorShare(), 0);
  EXPECT_EQ(sum.perMma(Kind::LoadMatrix), 0);
  for (const char *opcode :
       {"HMMA.16816", "HMMA.16816", "LDSM.16.M88.4", "NOP"})
    sum += mixOf(opcode, "");
  EXPECT_EQ(sum.all(), 4);
  EXPECT_EQ(sum.mmas, 2);
  EXPECT_EQ(sum.tensorShare(), 0.5);
  EXPECT_EQ(sum.perMma(Kind::LoadMatrix), 0.5);
}

} // namespace
