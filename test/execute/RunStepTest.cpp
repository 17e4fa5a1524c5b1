// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs with adapters: which steps a run takes.

#include "CopyRun.h"
#include "SlotTables.h"

using namespace moelora::test;

namespace {

struct RunStep : testing::Test {
  RunStep() {
    first = table.add("first");
    second = table.add("second");
    copy.run.step = step.step;
  }
  /// All in order: entered, resolved for three tokens.
  void prepare(const std::vector<int32_t> &ids) {
    step.enter();
    step.resolve(ids);
  }

  LoadedLayer loaded{LAYER_COPY};
  TableOf table{loaded.variant().adapters};
  StepOf step{table.table};
  CopyRun copy{table.table};
  int32_t first = -1, second = -1;
};

TEST_F(RunStep, ReadsTheSlotsOfTheStep) {
  prepare({second, -1, first});
  EXPECT_EQ(copy.error(), "");
  EXPECT_EQ(copy.output, copy.expected({1, -1, 0}));
  step.leave();
}

TEST_F(RunStep, WithoutOneAllAreBase) {
  copy.run.step = nullptr;
  EXPECT_EQ(copy.error(), "");
  EXPECT_EQ(copy.output, copy.expected({-1, -1, -1}));
}

TEST_F(RunStep, MustBeEntered) {
  prepare({first, first, first});
  step.leave();
  EXPECT_EQ(copy.error(), "expects a step that is entered, or is being "
                          "recorded, but it is neither");
}

TEST_F(RunStep, MustBeResolvedForSoManyTokens) {
  prepare({first, first});
  EXPECT_EQ(copy.error(), "expects a step that is resolved for at least 3 "
                          "tokens, but it is for 2");
  copy.run.tokens = 2;
  EXPECT_EQ(copy.error(), "");
  step.leave();
}

TEST_F(RunStep, MustBeOfTheTableThatTheLayerIsBoundTo) {
  TableOf another(loaded.variant().adapters);
  CopyRun other(another.table);
  prepare({first, first, first});
  other.run.step = step.step;
  EXPECT_EQ(other.error(), "expects a step of the slot table that the layer is "
                           "bound to, but it is of another one");
  CopyRun without;
  without.run.step = step.step;
  EXPECT_EQ(without.error(), "expects no step, as the layer is bound to no "
                             "slot table, but there is one");
  step.leave();
}

} // namespace
