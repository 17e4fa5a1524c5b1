// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Ptx.h"
#include "Nvvm.h"
#include "Subjects.h"

#include <gmock/gmock.h>

using namespace mlir;
using namespace testing;

namespace moelora::kernels {
namespace {

class PtxTest : public TestWithParam<Subject> {
protected:
  PtxTest()
      : context(MLIRContext::Threading::DISABLED),
        module(lowerToNvvm(context, GetParam().layer)),
        entries(entriesOf(ptxOf(gpuModuleOf(*module)))) {}

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  std::map<std::string, std::string> entries;
};

std::string nameOfSubject(const TestParamInfo<Subject> &info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Layers, PtxTest, ValuesIn(subjects()), nameOfSubject);

TEST_P(PtxTest, HasEachInstructionOnce) {
  std::vector<LLVM::LLVMFuncOp> kernels = kernelsOf(*module);
  ASSERT_EQ(entries.size(), kernels.size());
  for (LLVM::LLVMFuncOp kernel : kernels) {
    std::string name = kernel.getName().str();
    EXPECT_EQ(countInstructions(entries[name]), countOps(kernel)) << name;
  }
}

TEST_P(PtxTest, HasFencesAroundCounters) {
  for (const auto &[name, entry] : entries)
    EXPECT_EQ(whyUnfenced(entry), "") << name;
}

/// Each thread adds one to a counter of the block that is first.
const char *const counter = R"(
	st.global.b32 	[%rd1], %r1;
	membar.gl;
	bar.sync 	0;
	ld.global.nc.b32 	%r2, [%rd3];
	atom.global.add.u32 	%r3, [%rd2], 1;
	setp.eq.b32 	%p1, %r3, %r2;
	membar.gl;
	ld.global.b32 	%r4, [%rd1];
)";

std::string without(std::string text, const std::string &part, bool last) {
  size_t at = last ? text.rfind(part) : text.find(part);
  return text.erase(at, text.find('\n', at) - at);
}

TEST(FencesTest, AreRequiredOnBothSides) {
  EXPECT_EQ(whyUnfenced(counter), "");
  EXPECT_THAT(whyUnfenced(without(counter, "membar.gl", false)),
              StartsWith("expects a fence between stores and atom.global"));
  EXPECT_THAT(whyUnfenced(without(counter, "membar.gl", true)),
              StartsWith("expects a fence between loads and atom.global"));
}

TEST(FencesTest, AreNotRequiredOfStatistics) {
  EXPECT_EQ(whyUnfenced("\tatom.global.add.u64 \t%rd5, [%rd1+8], %rd4;\n"), "");
}

TEST(InstructionsTest, AreCountedByName) {
  EXPECT_THAT(
      countInstructions(counter),
      ElementsAre(Pair("atom", 1), Pair("bar.sync", 1), Pair("membar", 2)));
}

} // namespace
} // namespace moelora::kernels
