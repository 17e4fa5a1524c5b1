// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Layers that gather the tokens of the peer ranks of a group.

#include "GroupRun.h"
#include "SlotTables.h"

#include "moelora/runtime/GroupStep.h"

using namespace moelora::test;

namespace {

/// Writes the numbers of the tokens of both peer ranks, or -2 for each.
int32_t writePeerNumbers(const moelora_run_args *args) {
  float *output = static_cast<float *>(args->operand[1]);
  for (int64_t token = 0; token < 2 * CopyRun::Tokens; ++token)
    output[token] =
        args->peer_numbers ? float(args->peer_numbers[token]) : -2.0f;
  return MOELORA_RUN_OK;
}

/// Each peer rank has a slot table with one adapter, and a step.
struct GroupStepRun : GroupRun {
  GroupStepRun() {
    variant.grid[2] = 2;
    variant.token_axes = MOELORA_AXIS_TP;
    entries[MOELORA_ENTRY_ALL].run = writePeerNumbers;
    for (size_t rank = 0; rank < 2; ++rank) {
      ids[rank] = tables[rank].add("a");
      copies[rank].run.step = steps[rank].step;
      EXPECT_EQ(bind(rank, groups[rank], tables[rank].table), "");
    }
  }
  ~GroupStepRun() override {
    for (size_t rank = 0; rank < 2; ++rank)
      EXPECT_EQ(
          errorOf(moelora_layer_unbind, std::exchange(layers[rank], nullptr)),
          "");
  }
  std::string join(size_t rank, uint32_t axes = MOELORA_AXIS_TP) {
    return errorOf(moelora_step_join, steps[rank].step, groups[rank], axes);
  }
  /// Resolves three tokens, of which one has the adapter, and runs the layer.
  std::string runStep(size_t rank) {
    std::vector<int32_t> three(3, -1);
    three[rank] = ids[rank];
    steps[rank].enter();
    steps[rank].resolve(three);
    std::string text = run(rank);
    steps[rank].leave();
    return text;
  }
  std::vector<float> written(size_t rank) const {
    return {copies[rank].output.begin(), copies[rank].output.begin() + 6};
  }

  TableOf tables[2]{TableOf(variant.adapters), TableOf(variant.adapters)};
  StepOf steps[2]{StepOf(tables[0].table), StepOf(tables[1].table)};
  int32_t ids[2] = {-1, -1};
};

TEST_F(GroupStepRun, ReceivesTheNumbersOfAllPeerRanks) {
  ASSERT_EQ(join(0) + join(1), "");
  std::thread other([&] { EXPECT_EQ(runStep(1), ""); });
  EXPECT_EQ(runStep(0), "");
  other.join();
  for (size_t rank = 0; rank < 2; ++rank)
    EXPECT_EQ(written(rank), (std::vector<float>{0, -1, -1, -1, 0, -1}));
}

TEST_F(GroupStepRun, ReceivesNoneIfAllHaveTheSameTokens) {
  variant.token_axes = 0;
  EXPECT_EQ(runStep(0), "");
  EXPECT_EQ(written(0), std::vector<float>(6, -2.0f));
}

TEST_F(GroupStepRun, NeedsAStepOfItsOwnGroup) {
  ASSERT_EQ(errorOf(moelora_step_join, steps[0].step, groups[1],
                    uint32_t(MOELORA_AXIS_DP)),
            "");
  EXPECT_EQ(runStep(0),
            "expects a step that has joined the group to which the layer is "
            "bound, because the layer gathers tokens, but it has joined "
            "another one");
}

TEST_F(GroupStepRun, NeedsAStepOfAGroup) {
  EXPECT_EQ(runStep(0),
            "expects a step that has joined the group to which the layer is "
            "bound, because the layer gathers tokens, but it has joined none");
}

TEST_F(GroupStepRun, NeedsAStepOfItsAxes) {
  ASSERT_EQ(join(0, MOELORA_AXIS_EP), "");
  EXPECT_EQ(runStep(0),
            "expects a step that has joined over the axes that cut the tokens "
            "of the layer, 4, but it has joined over 0");
}

TEST_F(GroupStepRun, HasNoValidTokens) {
  int32_t valid = 1;
  copies[0].run.valid_tokens = &valid;
  EXPECT_EQ(run(0),
            "expects no valid_tokens, because the layer gathers the tokens of "
            "peer ranks, but there are some");
}

} // namespace
