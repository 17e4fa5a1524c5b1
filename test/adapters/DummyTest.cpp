// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random adapters: their pairs and values, and that the runtime opens them.
#include "moelora/adapters/Dummy.h"
#include "moelora/adapters/Questions.h"
#include "moelora/host/Buffer.h"
#include "moelora/models/AdapterTarget.h"

#include <gmock/gmock.h>

using namespace moelora;
using namespace moelora::adapters;
using testing::HasSubstr;

namespace {

models::Model modelOf(const std::string &hidden = "32") {
  auto model = models::parseModel(
      R"({"model_type": "qwen3_moe", "num_hidden_layers": 3, "num_experts": 4,
          "num_experts_per_tok": 2, "moe_intermediate_size": 16,
          "mlp_only_layers": [1], "intermediate_size": 8, "hidden_act": "silu",
          "norm_topk_prob": true, "torch_dtype": "bfloat16", "hidden_size": )" +
          hidden + "}",
      "config.json");
  EXPECT_TRUE(model) << (model ? "" : model.message());
  return *model;
}

DummyOptions random(uint64_t seed) {
  DummyOptions options;
  options.random = true;
  options.ranks = {3, 5};
  options.seed = seed;
  return options;
}

std::string refusal(const std::function<void()> &body) {
  try {
    body();
  } catch (const host::Error &error) {
    return error.what();
  }
  return "";
}

} // namespace

TEST(Dummy, has_the_experts_of_all_layers_or_of_some) {
  models::AdapterTarget target(modelOf());
  auto count = [&](const DummyOptions &options) {
    Dummy dummy(target.get(), options);
    size_t pairs = 0;
    forEachPlace(target.get(), [&](const Place &place) {
      pairs += dummy.pair(place).has_value();
    });
    return pairs;
  };
  EXPECT_EQ(count({}), 2u * 4 * 3);
  DummyOptions one;
  one.layers = {2};
  EXPECT_EQ(count(one), 4u * 3);
  one.layers = {1};
  EXPECT_THAT(refusal([&] { count(one); }), HasSubstr("layer 1 is none"));
}

TEST(Dummy, depends_on_its_seed_and_on_the_place) {
  models::AdapterTarget target(modelOf());
  Dummy one(target.get(), random(1)), again(target.get(), random(1));
  Dummy other(target.get(), random(2));
  Place first = {&target.get().site[0], MOELORA_UP, 0}, second = first;
  second.expert = 1;
  EXPECT_EQ(one.pair(first)->b, again.pair(first)->b);
  EXPECT_NE(one.pair(first)->b, other.pair(first)->b);
  EXPECT_NE(one.pair(first)->a, one.pair(second)->a);
  Dummy zero(target.get(), {});
  EXPECT_THAT(zero.pair(first)->b, testing::Each(0));
}

TEST(Dummy, gate_and_up_share_a_where_they_are_packed) {
  models::AdapterTarget target(modelOf());
  Place gate = {&target.get().site[0], MOELORA_GATE, 2}, up = gate;
  up.projection = MOELORA_UP;
  DummyOptions options = random(1);
  EXPECT_NE(Dummy(target.get(), options).pair(gate)->a,
            Dummy(target.get(), options).pair(up)->a);
  options.form = Form::Natural;
  EXPECT_EQ(Dummy(target.get(), options).pair(gate)->a,
            Dummy(target.get(), options).pair(up)->a);
}

TEST(Dummy, experts_share_the_outer_sides_where_they_are_written_once) {
  models::AdapterTarget target(modelOf());
  DummyOptions options = random(1);
  options.form = Form::SharedOuter;
  Dummy dummy(target.get(), options);
  for (int32_t projection : {MOELORA_GATE, MOELORA_UP, MOELORA_DOWN}) {
    bool isDown = projection == MOELORA_DOWN;
    Place first = {&target.get().site[0], projection, 0}, second = first;
    second.expert = 1;
    EXPECT_EQ(dummy.pair(first)->a == dummy.pair(second)->a, !isDown);
    EXPECT_EQ(dummy.pair(first)->b == dummy.pair(second)->b, isDown);
  }
  Dummy apart(target.get(), random(1));
  EXPECT_LT(dummy.bytes(), apart.bytes());
  EXPECT_EQ(dummy.bytes(), double(dummy.make().bytes()));
  openDummy(dummy, target.get());
}

TEST(Dummy, is_opened_with_its_ranks_and_type) {
  models::AdapterTarget target(modelOf());
  host::AdapterHandle opened =
      openDummy(Dummy(target.get(), random(1)), target.get());
  auto summary = host::sized<moelora_adapter_summary>();
  moelora_adapter_summarize(opened.get(), &summary);
  EXPECT_EQ(summary.max_rank, 5);
  EXPECT_EQ(summary.bound, 2 * 4 * 3 * 2);
  EXPECT_EQ(summary.elsewhere, 0);
}

TEST(Dummy, is_refused_where_memory_cannot_hold_it) {
  models::AdapterTarget target(modelOf("1048576"));
  DummyOptions options;
  options.ranks = {65536};
  EXPECT_THAT(refusal([&] { Dummy(target.get(), options); }),
              HasSubstr("expects the adapter to fit into memory, but it has"));
}

TEST(Questions, a_bound_on_ranks_is_that_of_tables) {
  models::Model model = modelOf();
  models::AdapterTarget target(model);
  host::TemporaryFolder folder(
      host::TemporaryFolder::prefixIn(testing::TempDir(), "moelora-adapters"));
  Dummy(target.get(), random(1)).make().write(folder.path());
  host::AdapterFolder adapter = {"a", folder.path()};
  EXPECT_EQ(checkBinding(adapter, model, 0)["max_rank"], 5);
  EXPECT_EQ(checkBinding(adapter, model, 5)["max_rank"], 5);
  EXPECT_THAT(refusal([&] { checkBinding(adapter, model, 4); }),
              HasSubstr("at most max_rank"));
}
