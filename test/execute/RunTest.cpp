// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The checked run of a layer: what it refuses, and that it runs.

#include "Services.h"

#include "moelora/runtime/Artifact.h"
#include "moelora/runtime/Checkpoint.h"

#include <gmock/gmock.h>

#include <array>

using namespace moelora::test;
using testing::StartsWith;

namespace {

/// A correct call of the copying layer with three tokens.
struct Run : testing::Test {
  static constexpr int64_t Tokens = 3, Hidden = 8, Experts = 4;

  void SetUp() override {
    ASSERT_EQ(errorOf(moelora_artifact_load, LAYER_COPY, &file), "");
    artifact = moelora_artifact_of(file);
    for (size_t i = 0; i < hidden.size(); ++i)
      hidden[i] = float(i) - 7.5f;
    call.tokens = Tokens;
    call.operand[MOELORA_HIDDEN] = {hidden.data(), sizeof hidden, MOELORA_F32,
                                    0};
    call.operand[MOELORA_SLOTS] = {slots.data(), sizeof slots, MOELORA_I32, 0};
    call.operand[MOELORA_ROUTER_WEIGHT] = {router.data(), sizeof router,
                                           MOELORA_F32, 0};
    call.output = output.data();
    call.output_bytes = sizeof output;
    call.workspace = workspace;
    call.workspace_bytes = sizeof workspace;
    call.services = &services;
    call.stats = &stats;
  }
  void TearDown() override { moelora_artifact_close(file); }
  std::string error() { return errorOf(moelora_layer_run, artifact, &call); }

  moelora_artifact_file *file = nullptr;
  const moelora_artifact *artifact = nullptr;
  std::array<float, Tokens * Hidden> hidden, output = {};
  std::array<float, Experts * Hidden> router = {};
  std::array<int32_t, Tokens> slots = {-1, 0, -1};
  alignas(64) char workspace[64];
  moelora_services services = serialServices();
  moelora_run_stats stats = {};
  moelora_layer_call call = {};
};

TEST_F(Run, Runs) {
  EXPECT_EQ(error(), "");
  EXPECT_EQ(output, hidden);
}

TEST_F(Run, ChecksOperands) {
  call.operand[MOELORA_HIDDEN].bytes -= 4;
  EXPECT_EQ(error(), "expects hidden to have 96 bytes, but it has 92");
  call.operand[MOELORA_HIDDEN].dtype = MOELORA_BF16;
  EXPECT_EQ(error(), "expects hidden to have type F32, but it has BF16");
  call.operand[MOELORA_HIDDEN] = {};
  EXPECT_EQ(error(), "expects hidden to have type F32, but it has none");
  call.operand[MOELORA_HIDDEN] = {nullptr, sizeof hidden, MOELORA_F32, 0};
  EXPECT_EQ(error(), "expects hidden, but its address is null");
}

TEST_F(Run, ChecksOutput) {
  call.output_bytes = 0;
  EXPECT_EQ(error(), "expects output to have 96 bytes, but it has 0");
}

TEST_F(Run, ChecksWorkspace) {
  call.workspace_bytes = 27;
  EXPECT_EQ(error(), "expects a workspace of 28 bytes, but it has 27");
  call.workspace_bytes = sizeof workspace - 4;
  call.workspace = workspace + 4;
  EXPECT_THAT(error(), StartsWith("expects the workspace to be aligned"));
}

TEST_F(Run, ChecksTokens) {
  call.tokens = -1;
  EXPECT_EQ(error(), "expects the number of tokens to be in [0, 1073741823], "
                     "but it is -1");
  call.tokens = int64_t(1) << 32;
  EXPECT_THAT(error(), StartsWith("expects the number of tokens"));
}

TEST_F(Run, ZeroTokensNeedNoMemory) {
  call.tokens = 0;
  call.operand[MOELORA_HIDDEN] = {nullptr, 0, MOELORA_F32, 0};
  call.operand[MOELORA_SLOTS] = {nullptr, 0, MOELORA_I32, 0};
  call.output = nullptr;
  call.output_bytes = 0;
  EXPECT_EQ(error(), "");
}

TEST_F(Run, ChecksServices) {
  services.abi_version = 9;
  EXPECT_THAT(error(), StartsWith("expects services of version 3"));
  services = serialServices();
  services.plan = nullptr;
  EXPECT_THAT(error(), StartsWith("expects services to be complete"));
  services = serialServices();
  services.identity_weights = nullptr;
  EXPECT_THAT(error(), StartsWith("expects services to be complete"));
  call.stats = nullptr;
  EXPECT_THAT(error(), StartsWith("expects services and stats"));
}

TEST_F(Run, ChecksDirectory) {
  std::array<uint64_t, 3> entries = {};
  moelora_directory directory = {entries.data(), nullptr, 3, 0};
  call.directory = &directory;
  EXPECT_EQ(error(), "expects at most the 2 slots of the compiled layer, but "
                     "the slot table has 3");
  directory.slots = 2;
  EXPECT_EQ(error(), "");
  EXPECT_EQ(stats.masked_slots, 1u);
}

TEST_F(Run, EntryPointsHaveOperandsOfTheirOwn) {
  call.operand[MOELORA_ROUTER_WEIGHT] = {};
  call.entry = MOELORA_ENTRY_LOGITS;
  EXPECT_EQ(error(), "expects router_logits to have type F32, but it has none");
  std::array<float, Tokens * Experts> logits = {};
  call.operand[MOELORA_ROUTER_LOGITS] = {logits.data(), sizeof logits,
                                         MOELORA_F32, 0};
  EXPECT_EQ(error(), "");
  call.entry = MOELORA_ENTRY_IDS;
  EXPECT_EQ(error(), "expects expert_ids to have type I32, but it has none");
  call.entry = 3;
  EXPECT_EQ(error(), "expects an entry point in [0, 2], but it is 3");
}

TEST_F(Run, EntryPointMayBeMissing) {
  moelora_artifact partial = *artifact;
  partial.run = nullptr;
  EXPECT_EQ(errorOf(moelora_layer_run, &partial, &call),
            "expects a compiled layer that computes the router's logits, but "
            "copy does not");
}

TEST_F(Run, ReportsWhatTheLayerAnswers) {
  moelora_artifact_close(file);
  ASSERT_EQ(errorOf(moelora_artifact_load, LAYER_FAILS, &file), "");
  artifact = moelora_artifact_of(file);
  EXPECT_EQ(error(), "the compiled layer refuses the workspace as too small");
}

} // namespace
