// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Layers that exchange rows with the peer ranks of a group.

#include "CheckedArtifact.h"
#include "CopyRun.h"
#include "SlotTables.h"

#include "moelora/runtime/GroupStep.h"

#include <thread>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

/// Sums the hidden rows of the peer ranks over tp.
int32_t sumOverTp(const moelora_run_args *args) {
  moelora_exchange_operand operand = {args->operand[0], args->operand[1],
                                      CopyRun::Width * sizeof(float), 0};
  moelora_exchange exchange = {};
  exchange.size = sizeof exchange;
  exchange.kind = MOELORA_EXCHANGE_REDUCE;
  exchange.over = MOELORA_AXIS_TP;
  exchange.group = args->group;
  exchange.operand = &operand;
  exchange.operands = 1;
  const moelora_services *services = args->services;
  return services->collective(services->context, args->on, &exchange)
             ? MOELORA_RUN_COLLECTIVE
             : MOELORA_RUN_OK;
}

/// Writes the numbers of the tokens of both peer ranks, or -2 for each.
int32_t writePeerNumbers(const moelora_run_args *args) {
  float *output = static_cast<float *>(args->operand[1]);
  for (int64_t token = 0; token < 2 * CopyRun::Tokens; ++token)
    output[token] =
        args->peer_numbers ? float(args->peer_numbers[token]) : -2.0f;
  return MOELORA_RUN_OK;
}

/// Two peer ranks, each with a group.
struct GroupRun : CheckedArtifact {
  GroupRun() {
    variant.services = MOELORA_SERVICE_COLLECTIVE;
    entries[MOELORA_ENTRY_ALL].run = sumOverTp;
    EXPECT_EQ(errorOf(moelora_loopback_open, 2, transports), "");
    std::thread other([&] { make(1); });
    make(0);
    other.join();
    EXPECT_EQ(errorOf(moelora_program_create, &artifact,
                      static_cast<const char *>(nullptr), moelora_device_cpu(),
                      static_cast<const moelora_services *>(nullptr), &program),
              "");
  }
  ~GroupRun() override {
    for (moelora_bound_layer *layer : layers)
      moelora_layer_unbind(layer, nullptr);
    moelora_program_destroy(program, nullptr);
    for (size_t rank = 0; rank < 2; ++rank) {
      EXPECT_EQ(moelora_group_destroy(groups[rank], nullptr), MOELORA_OK);
      moelora_transport_close(transports[rank]);
    }
  }
  void make(size_t rank) {
    moelora_group_options options = {sizeof options, 0, 1, 1, 2, 2000};
    const int64_t tokens[] = {CopyRun::Tokens, CopyRun::Tokens};
    EXPECT_EQ(errorOf(moelora_group_create, transports[rank], &options,
                      &groups[rank]),
              "");
    EXPECT_EQ(errorOf(moelora_group_reserve, groups[rank], CopyRun::Tokens,
                      uint64_t(CopyRun::Width * sizeof(float))),
              "");
    EXPECT_EQ(errorOf(moelora_group_set_tokens, groups[rank], tokens), "");
  }
  std::string bind(size_t rank, moelora_group *group,
                   moelora_slot_table *table = nullptr) {
    moelora_binding binding = copies[rank].bound.weights.binding(table);
    binding.group = group;
    return errorOf(moelora_layer_bind, program, &binding, &layers[rank]);
  }
  std::string run(size_t rank) {
    return errorOf(moelora_layer_run, layers[rank], &copies[rank].run);
  }

  const moelora_transport *transports[2] = {};
  moelora_group *groups[2] = {};
  moelora_program *program = nullptr;
  moelora_bound_layer *layers[2] = {};
  CopyRun copies[2];
};

TEST_F(GroupRun, SumsTheRowsOfThePeerRanks) {
  for (float &value : copies[1].hidden)
    value *= 3;
  CopyRun::Rows expected = copies[0].hidden;
  for (size_t i = 0; i < expected.size(); ++i)
    expected[i] += copies[1].hidden[i];
  ASSERT_EQ(bind(0, groups[0]) + bind(1, groups[1]), "");
  std::thread other([&] { EXPECT_EQ(run(1), ""); });
  EXPECT_EQ(run(0), "");
  other.join();
  EXPECT_EQ(copies[0].output, expected);
  EXPECT_EQ(copies[1].output, expected);
}

TEST_F(GroupRun, NeedsAGroup) {
  EXPECT_EQ(bind(0, nullptr),
            "expects a group of peer ranks, with which the compiled layer "
            "exchanges rows, but it is NULL");
}

TEST_F(GroupRun, NeedsTheGridOverWhichTheLayerWasCut) {
  variant.grid[2] = 2;
  EXPECT_EQ(
      bind(0, nullptr),
      "expects a group of 1 x 1 x 2 peer ranks (dp x ep x tp), over which "
      "the compiled layer was cut, but it is NULL");
  EXPECT_EQ(bind(0, groups[0]), "");
  variant.grid[1] = 2;
  EXPECT_EQ(
      bind(1, groups[1]),
      "expects a group of 1 x 2 x 2 peer ranks (dp x ep x tp), over which "
      "the compiled layer was cut, but it has 1 x 1 x 2 peer ranks (dp x "
      "ep x tp)");
}

/// Tokens alone are cut: nothing is exchanged, but the group knows them.
TEST_F(GroupRun, MayExchangeNothing) {
  variant.services = 0;
  EXPECT_EQ(
      bind(0, groups[0]),
      "expects no group of peer ranks, as the compiled layer exchanges no "
      "rows, but there is one");
  variant.grid[2] = 2;
  EXPECT_EQ(bind(0, groups[0]), "");
}

TEST_F(GroupRun, KnowsTheTokensOfThisPeerRank) {
  ASSERT_EQ(bind(0, groups[0]), "");
  copies[0].run.tokens = 2;
  EXPECT_EQ(run(0), "expects as many tokens as the group knows of this peer "
                    "rank, 3, but there are 2");
}

TEST_F(GroupRun, ReportsTheErrorOfTheGroup) {
  ASSERT_EQ(bind(0, groups[0]), "");
  EXPECT_EQ(moelora_group_set_deadline(groups[0], 20, nullptr), MOELORA_OK);
  for (int times = 0; times < 2; ++times) {
    EXPECT_THAT(run(0), HasSubstr("but 1 did not"));
    EXPECT_EQ(moelora_layer_run(layers[0], &copies[0].run, nullptr),
              MOELORA_PEER_LOST);
  }
}

/// Each peer rank has a slot table with one adapter, and a step.
struct GroupStepRun : GroupRun {
  GroupStepRun() {
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
  std::string join(size_t rank) {
    return errorOf(moelora_step_join, steps[rank].step, groups[rank],
                   uint32_t(MOELORA_AXIS_TP));
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

TEST_F(GroupStepRun, ReceivesNoneWithoutThem) {
  EXPECT_EQ(runStep(0), "");
  EXPECT_EQ(written(0), std::vector<float>(6, -2.0f));
}

TEST_F(GroupStepRun, NeedsAStepOfItsOwnGroup) {
  ASSERT_EQ(errorOf(moelora_step_join, steps[0].step, groups[1],
                    uint32_t(MOELORA_AXIS_DP)),
            "");
  EXPECT_EQ(runStep(0), "expects a step that has joined the group to which the "
                        "layer is bound, but it has joined another one");
}

TEST_F(GroupRun, KeepsItsGroup) {
  ASSERT_EQ(bind(0, groups[0]), "");
  EXPECT_EQ(moelora_group_destroy(groups[0], nullptr), MOELORA_BUSY);
}

} // namespace
