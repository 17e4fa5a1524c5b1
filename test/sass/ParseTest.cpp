// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the output of nvdisasm.

#include "moelora/sass/Sass.h"

#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

using namespace moelora::sass;

namespace {

// Printed by nvdisasm 13 for a linear kernel of sm_80 with a tile of 32 tokens
// and 128 features, in a ring of four stages. Each step of 64 columns has four
// times 2 x 4 products, two loads of weights and two of tokens, and ten copies.
TEST(Parse, a_compiled_kernel) {
  std::ifstream file(MOELORA_SASS_INPUTS "/linear_32.sass");
  std::stringstream text;
  text << file.rdbuf();
  auto kernels = parse(text.str());
  ASSERT_EQ(kernels.size(), 1u);
  const Kernel &kernel = kernels[0];
  EXPECT_EQ(kernel.name, "linear_32");
  EXPECT_EQ(kernel.threads, 128);
  EXPECT_EQ(kernel.registers, 122);
  EXPECT_EQ(kernel.stackBytes, 0);
  EXPECT_EQ(kernel.sharedBytes, 0);
  EXPECT_EQ(kernel.whole.all(), 896);
  ASSERT_TRUE(kernel.mainLoop);
  EXPECT_FALSE(kernel.unrolled);
  const Mix &mix = *kernel.mainLoop;
  EXPECT_EQ(mix[Kind::Tensor], 4 * 4 * 8);
  EXPECT_EQ(mix[Kind::LoadMatrix], 4 * 4 * 4);
  EXPECT_EQ(mix[Kind::Copy], 4 * 10);
  EXPECT_EQ(mix[Kind::Local], 0);
  EXPECT_EQ(mix[Kind::Other], 0);
  EXPECT_EQ(mix.all(), 294);
}

TEST(Parse, attributes_name_their_kernel) {
  auto kernels = parse("\t.section\t.nv.info,\"\",@\"SHT_CUDA_INFO\"\n"
                       "\t//----- nvinfo : EIATTR_REGCOUNT\n"
                       " /*0004*/ \t.word\tindex@(two)\n"
                       " /*0008*/ \t.word\t0x00000028\n"
                       "\t//----- nvinfo : EIATTR_FRAME_SIZE\n"
                       " /*0010*/ \t.word\tindex@(one)\n"
                       " /*0014*/ \t.word\t0x00000030\n"
                       "\t.section\t.text.one,\"ax\",@progbits\n"
                       "\t.section\t.text.two,\"ax\",@progbits\n"
                       "\t.section\t.nv.shared.two,\"aw\",@nobits\n"
                       "\t.zero\t\t1024\n");
  ASSERT_EQ(kernels.size(), 2u);
  EXPECT_EQ(kernels[0].name, "one");
  EXPECT_EQ(kernels[0].stackBytes, 48);
  EXPECT_EQ(kernels[0].registers, 0);
  EXPECT_EQ(kernels[1].registers, 40);
  EXPECT_EQ(kernels[1].sharedBytes, 1024);
}

TEST(Parse, threads_of_both_attributes) {
  for (const char *attribute : {"EIATTR_REQNTID", "EIATTR_MAX_THREADS"}) {
    auto kernels =
        parse("\t.section\t.nv.info.k,\"\",@\"SHT_CUDA_INFO\"\n"
              "\t//----- nvinfo : EIATTR_PARAM_CBANK\n"
              " /*0000*/ \t.word\tindex@(.nv.constant0.k)\n"
              "\t//----- nvinfo : " +
              std::string(attribute) +
              "\n /*0008*/ \t.word\t0x00000100\n /*000c*/ \t.word\t0x00000001\n"
              "\t.section\t.text.k,\"ax\",@progbits\n");
    ASSERT_EQ(kernels.size(), 1u);
    EXPECT_EQ(kernels[0].threads, 256) << attribute;
  }
}

TEST(Parse, code_alone) {
  auto kernels =
      parse("\t.section\t.text.k,\"ax\",@progbits\n"
            "\t.sectioninfo\t@\"SHI_REGISTERS=78\"\n"
            "        /*0000*/                   @!P1 EXIT ;\r\n"
            "        /*0010*/              @UP0 UIADD3 UR4, UR4 ;\n");
  ASSERT_EQ(kernels.size(), 1u);
  EXPECT_EQ(kernels[0].registers, 78);
  EXPECT_EQ(kernels[0].whole[Kind::Branch], 1);
  EXPECT_EQ(kernels[0].whole[Kind::Integer], 1);
}

TEST(Parse, text_that_is_none) {
  EXPECT_TRUE(parse("").empty());
  EXPECT_TRUE(parse("\n\n;;;\n/*\n.section\n.section ,\n").empty());
  EXPECT_TRUE(parse("nvdisasm fatal : Input file is not a cubin").empty());
  auto kernels = parse(".section .text.\n;\n@\n@ ;\n/* ;\n:\n.word\nBRA `( ;");
  ASSERT_EQ(kernels.size(), 1u);
  EXPECT_EQ(kernels[0].name, "");
  EXPECT_FALSE(kernels[0].mainLoop);
}

} // namespace
