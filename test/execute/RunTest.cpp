// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The checked run of a layer: what it refuses, and that it runs.

#include "CopyRun.h"

using namespace moelora::test;
using testing::Each;
using testing::StartsWith;

namespace {

struct Run : testing::Test, CopyRun {};

TEST_F(Run, Runs) {
  EXPECT_EQ(error(), "");
  EXPECT_EQ(output, expected({-1, -1, -1}));
}

TEST_F(Run, ChecksThatOperandsAreThere) {
  run.hidden = nullptr;
  EXPECT_EQ(error(), "expects hidden, but its address is null");
  run.hidden = hidden.data();
  run.output = nullptr;
  EXPECT_EQ(error(), "expects output, but its address is null");
}

TEST_F(Run, ChecksAlignment) {
  run.hidden = reinterpret_cast<char *>(hidden.data()) + 2;
  EXPECT_EQ(error(), "expects the address of hidden to be a multiple of 4, but "
                     "it is not");
}

TEST_F(Run, ChecksWorkspace) {
  run.workspace_bytes = 11;
  EXPECT_EQ(error(), "expects a workspace of 12 bytes, but it has 11");
  run.workspace_bytes = 64;
  run.workspace = workspace.data() + 128;
  EXPECT_EQ(error(), "expects the workspace to be aligned to 256 bytes, but it "
                     "is not");
  run.workspace = nullptr;
  EXPECT_EQ(error(), "expects a workspace of 12 bytes, but it has 0");
}

TEST_F(Run, ChecksTokens) {
  run.tokens = -1;
  EXPECT_EQ(error(), "expects the number of tokens to be in [0, 1073741823], "
                     "but it is -1");
  run.tokens = int64_t(1) << 32;
  EXPECT_THAT(error(), StartsWith("expects the number of tokens"));
}

TEST_F(Run, ZeroTokensNeedNoMemory) {
  run = {};
  run.size = sizeof run;
  EXPECT_EQ(error(), "");
}

TEST_F(Run, ChecksItsSize) {
  run.size = 0;
  EXPECT_EQ(error(), "expects the size of a run to be from 144 to 65536, as "
                     "sizeof says, but it is 0");
}

TEST_F(Run, FieldsOfLaterVersionsMustBeZero) {
  struct {
    moelora_run run;
    uint64_t more;
  } later = {run, 0};
  later.run.size = sizeof later;
  EXPECT_EQ(errorOf(moelora_layer_run, bound.layer, &later.run), "");
  later.more = 1;
  EXPECT_EQ(errorOf(moelora_layer_run, bound.layer, &later.run),
            "expects zeros in a run behind the 144 bytes that this version "
            "knows, but byte 144 is not zero");
}

TEST_F(Run, FlagsAreNotKnownYet) {
  run.flags = 2;
  EXPECT_EQ(error(), "expects the flags of a run to be 0, but they are 2");
}

TEST_F(Run, EntryPointsHaveOperandsOfTheirOwn) {
  run.entry = MOELORA_ENTRY_LOGITS;
  EXPECT_EQ(error(), "expects router_logits, but its address is null");
  std::array<float, Tokens * 4> logits = {};
  run.logits = logits.data();
  EXPECT_EQ(error(), "");
  run.entry = MOELORA_ENTRY_IDS;
  EXPECT_EQ(error(), "expects expert_ids, but its address is null");
  run.entry = MOELORA_ENTRY_RESOLVE;
  EXPECT_EQ(error(), "expects an entry point in [0, 2], but it is 3");
}

TEST_F(Run, RowsOfACompiledWidthLieSideBySide) {
  run.pitch[0] = run.pitch[1] = Width;
  EXPECT_EQ(error(), "");
  run.pitch[1] = 2 * Width;
  EXPECT_EQ(error(), "expects rows of output to lie 8 elements apart, but they "
                     "lie 16 apart");
}

TEST_F(Run, RowsMayLieFurtherApartWhereTheyAreFree) {
  BoundLayer naive(LAYER_NAIVE);
  constexpr int64_t width = 48, wide = 50;
  std::vector<uint16_t> x(2 * wide, 0x3f80), y(2 * wide, 1);
  Memory space(4096);
  moelora_run free = {};
  free.size = sizeof free;
  free.tokens = 2;
  free.hidden = x.data();
  free.output = y.data();
  free.pitch[0] = free.pitch[1] = wide;
  free.workspace = space.data();
  free.workspace_bytes = 4096;
  EXPECT_EQ(errorOf(moelora_layer_run, naive.layer, &free), "");
  std::vector<uint16_t> between(y.begin() + width, y.begin() + wide);
  EXPECT_THAT(between, Each(1));
  EXPECT_EQ(y[wide], 0); // the second row; the weights are zeros
  free.pitch[0] = width - 1;
  EXPECT_EQ(errorOf(moelora_layer_run, naive.layer, &free),
            "expects rows of hidden to lie at least 48 elements apart, but "
            "they lie 47 apart");
}

TEST_F(Run, ReportsWhatTheLayerAnswers) {
  BoundLayer fails(LAYER_FAILS);
  EXPECT_EQ(errorOf(moelora_layer_run, fails.layer, &run),
            "the compiled layer refuses the workspace as too small");
}

} // namespace
