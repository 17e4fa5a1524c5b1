// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which part of a kernel is its main loop.

#include "moelora/sass/Sass.h"

#include <gtest/gtest.h>

using namespace moelora::sass;

namespace {

/// A kernel of these lines, as nvdisasm prints them.
Kernel kernelOf(const std::string &lines) {
  auto kernels = parse("\t.section\t.text.k,\"ax\",@progbits\n" + lines);
  EXPECT_EQ(kernels.size(), 1u);
  return kernels.at(0);
}

const std::string load = "  LDSM.16.M88.4 R4, [R2] ;\n";
const std::string product = "  HMMA.16816.F32.BF16 R8, R4, R6, R8 ;\n";
const std::string other = "  IADD3 R2, R2, 0x10, RZ ;\n";

std::string loop(const std::string &label, const std::string &body) {
  return label + ":\n" + body + "  @P0 BRA `(" + label + ") ;\n";
}

TEST(MainLoop, multiplies_what_it_loads_from_shared_memory) {
  std::string lora =
      loop(".L_lora", "  LDG.E R4, [R2.64] ;\n" + product + product + product);
  Kernel kernel = kernelOf(lora + loop(".L_main", load + product) + "EXIT ;\n");
  ASSERT_TRUE(kernel.mainLoop);
  EXPECT_FALSE(kernel.unrolled);
  EXPECT_EQ(kernel.mainLoop->all(), 3);
  EXPECT_EQ((*kernel.mainLoop)[Kind::LoadMatrix], 1);
}

TEST(MainLoop, is_inside_the_loop_over_tiles) {
  Kernel kernel = kernelOf(
      loop(".L_tiles", other + loop(".L_main", load + product) + other));
  ASSERT_TRUE(kernel.mainLoop);
  EXPECT_EQ(kernel.mainLoop->all(), 3);
}

TEST(MainLoop, is_the_one_that_multiplies_most) {
  Kernel kernel = kernelOf(loop(".L_main", load + product + product + other) +
                           loop(".L_rest", load + product));
  ASSERT_TRUE(kernel.mainLoop);
  EXPECT_EQ(kernel.mainLoop->all(), 5);
}

// The loop over tiles contains the loop of LoRA, so no innermost loop loads
// from shared memory.
TEST(MainLoop, may_be_unrolled_to_its_end) {
  std::string lora = loop(".L_lora", "  LDG.E R4, [R2.64] ;\n" + product);
  std::string main = load + product + other + load + product;
  Kernel kernel =
      kernelOf(loop(".L_tiles", lora + other + main + other + other));
  ASSERT_TRUE(kernel.mainLoop);
  EXPECT_TRUE(kernel.unrolled);
  EXPECT_EQ(kernel.mainLoop->all(), 5);
  EXPECT_EQ((*kernel.mainLoop)[Kind::Integer], 1);
}

TEST(MainLoop, ends_before_the_products_of_what_follows) {
  Kernel kernel = kernelOf(load + product + "  @P1 BRA `(.L_end) ;\n" +
                           product + ".L_end:\n" + product + "  EXIT ;\n");
  ASSERT_TRUE(kernel.mainLoop);
  EXPECT_TRUE(kernel.unrolled);
  EXPECT_EQ(kernel.mainLoop->all(), 2);
}

// A rare case has its code behind the end of the kernel and returns from there.
TEST(MainLoop, is_not_what_a_rare_case_returns_to) {
  Kernel kernel =
      kernelOf(load + product + "  BRA.DIV UR4, `(.L_rare) ;\n" + ".L_back:\n" +
               load + product + product + "  EXIT ;\n" + ".L_rare:\n" + other +
               "  BRA `(.L_back) ;\n");
  ASSERT_TRUE(kernel.mainLoop);
  EXPECT_TRUE(kernel.unrolled);
  EXPECT_EQ((*kernel.mainLoop)[Kind::Tensor], 3);
}

TEST(MainLoop, may_load_from_global_memory_alone) {
  Kernel kernel =
      kernelOf(loop(".L_main", "  LDG.E R4, [R2.64] ;\n" + product));
  ASSERT_TRUE(kernel.mainLoop);
  EXPECT_EQ(kernel.mainLoop->all(), 3);
}

TEST(MainLoop, needs_products) {
  EXPECT_FALSE(kernelOf(loop(".L_main", load + other)).mainLoop);
  EXPECT_FALSE(kernelOf(product + "  EXIT ;\n").mainLoop);
}

// A branch to an unknown label, or forward, closes no loop.
TEST(MainLoop, is_closed_by_a_branch_back) {
  EXPECT_FALSE(kernelOf(product + "  BRA `(.L_nowhere) ;\n").mainLoop);
  EXPECT_FALSE(kernelOf("  BRA `(.L_end) ;\n" + product + ".L_end:\n  EXIT ;\n")
                   .mainLoop);
}

} // namespace
