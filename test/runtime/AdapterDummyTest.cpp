/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Dummies: all pairs that files could have, and nothing but zeros.
 */
#include "Memory.h"

#include <algorithm>
#include <functional>
#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

Opened makeDummy(const Model &model, int32_t rank) {
  Opened made;
  moelora_adapter_target target = model.target();
  moelora_adapter *adapter = nullptr;
  moelora_error *error = nullptr;
  made.status = moelora_adapter_make_dummy(&target, rank, &adapter, &error);
  made.text = moelora_error_text(error);
  moelora_error_free(error);
  made.adapter.reset(adapter);
  return made;
}

const char *const latentIn[] = {"fc1_latent_proj", nullptr};
const char *const latentOut[] = {"fc2_latent_proj", nullptr};

/// The name of a projection's module in a file.
struct Module {
  const char *name;
  int64_t in, out;
};

/// The sizes of the test's model with a latent size of 7, by projection.
constexpr Module modules[MOELORA_PROJECTIONS] = {
    {"mlp.experts.1.gate_proj", 7, intermediate},
    {"mlp.experts.1.up_proj", 7, intermediate},
    {"mlp.experts.1.down_proj", intermediate, 7},
    {"mlp.gate", hidden, experts},
    {"mlp.shared_expert.gate_proj", hidden, sharedSize},
    {"mlp.shared_expert.up_proj", hidden, sharedSize},
    {"mlp.shared_expert.down_proj", sharedSize, hidden},
    {"mlp.shared_expert_gate", hidden, 1},
    {"mlp.fc1_latent_proj", hidden, 7},
    {"mlp.fc2_latent_proj", 7, hidden}};

/// A model with every part; `change` takes some away.
std::unique_ptr<Model> fullModel(const std::function<void(Model &)> &change) {
  auto model = std::make_unique<Model>();
  model->names.latent_in = latentIn;
  model->names.latent_out = latentOut;
  for (moelora_adapter_site &site : model->sites)
    site.latent = 7;
  change(*model);
  return model;
}

/// Whether a file may have a pair of a projection, according to the loader of
/// files.
Pair pairOfFile(const Model &model, int projection) {
  const Module &module = modules[projection];
  Tensors tensors;
  addPair(tensors, inLayer(0, module.name), 3, module.in, module.out);
  Opened opened = openMemory(config(3, 3), describe(tensors), model);
  return opened.get() ? readPair(opened.get(), 0, projection,
                                 projection <= MOELORA_DOWN ? 1 : 0)
                      : Pair();
}

} // namespace

TEST(AdapterDummy, has_what_files_may_have) {
  const std::function<void(Model &)> changes[] = {
      [](Model &) {},
      [](Model &m) { m.sites[0].gated = 0; },
      [](Model &m) { m.sites[0].shared = 0; },
      [](Model &m) { m.names.router = nullptr; },
      [](Model &m) { m.names.shared = nullptr; },
      [](Model &m) { m.names.shared_gate = nullptr; },
      [](Model &m) { m.names.shared_down = nullptr; },
      [](Model &m) { m.names.shared_score = nullptr; },
      [](Model &m) { m.names.latent_in = nullptr; },
      [](Model &m) { m.names.latent_out = nullptr; }};
  for (size_t i = 0; i < std::size(changes); ++i) {
    std::unique_ptr<Model> model = fullModel(changes[i]);
    Opened dummy = makeDummy(*model, 3);
    ASSERT_EQ(dummy.status, MOELORA_OK) << dummy.text;
    int pairs = 0;
    for (int p = 0; p < MOELORA_PROJECTIONS; ++p) {
      Pair filed = pairOfFile(*model, p);
      Pair made = readPair(dummy.get(), 0, p, p <= MOELORA_DOWN ? 1 : 0);
      EXPECT_EQ(made.info.rank, filed.info.rank) << i << " " << p;
      EXPECT_EQ(made.info.in, filed.info.in);
      EXPECT_EQ(made.info.out, filed.info.out);
      EXPECT_EQ(made.info.scale, filed.info.scale); // 3 / 3
      pairs += made.info.rank != 0;
    }
    EXPECT_EQ(pairs, i == 0 ? 10 : i == 2 ? 6 : i == 4 ? 7 : i == 1 ? 8 : 9);
  }
}

TEST(AdapterDummy, is_of_zeros) {
  Opened dummy = makeDummy(Model(), 5);
  for (int layer : {0, 2})
    for (int p = 0; p < MOELORA_LATENT_IN; ++p)
      for (int e = 0; e < (p <= MOELORA_DOWN ? experts : 1); ++e) {
        Pair pair = readPair(dummy.get(), layer, p, e);
        ASSERT_EQ(pair.info.rank, 5);
        EXPECT_EQ(pair.info.dtype, MOELORA_F32);
        EXPECT_EQ(pair.info.shares_a, 0);
        EXPECT_THAT(pair.a.data, testing::Each(0.0f));
        EXPECT_THAT(pair.b.data, testing::Each(0.0f));
      }
  // Reading overwrites all old values.
  std::vector<float> values(static_cast<size_t>(5 * hidden), -3);
  EXPECT_EQ(moelora_adapter_read_a(dummy.get(), 0, MOELORA_GATE, 0,
                                   values.data(), nullptr),
            MOELORA_OK);
  EXPECT_THAT(values, testing::Each(0.0f));
}

TEST(AdapterDummy, describes_itself) {
  Opened dummy = makeDummy(Model(), 64);
  moelora_adapter_summary summary = {};
  summary.size = sizeof summary;
  moelora_adapter_summarize(dummy.get(), &summary);
  EXPECT_EQ(summary.tensors, 0);
  EXPECT_EQ(summary.bound, 0);
  EXPECT_EQ(summary.layers, 2);
  EXPECT_EQ(summary.max_rank, 64);
  EXPECT_EQ(moelora_adapter_elsewhere(dummy.get(), 0), nullptr);
  moelora_adapter_coverage coverage = {};
  coverage.size = sizeof coverage;
  ASSERT_EQ(moelora_adapter_cover(dummy.get(), 2, &coverage), MOELORA_OK);
  EXPECT_EQ(coverage.pairs[MOELORA_DOWN], experts);
  EXPECT_EQ(coverage.pairs[MOELORA_SHARED_SCORE], 1);
  EXPECT_EQ(coverage.packed, 0);
  EXPECT_EQ(moelora_adapter_cover(dummy.get(), 1, &coverage),
            MOELORA_NOT_FOUND);
}

TEST(AdapterDummy, always_chosen_experts_take_none) {
  Model model;
  model.sites[0].always = 1;
  Opened dummy = makeDummy(model, 2);
  EXPECT_EQ(readPair(dummy.get(), 0, MOELORA_UP, 1).info.rank, 2);
  EXPECT_EQ(readPair(dummy.get(), 0, MOELORA_UP, 2).info.rank, 0);
  EXPECT_EQ(readPair(dummy.get(), 2, MOELORA_UP, 2).info.rank, 2);
}

TEST(AdapterDummy, no_latent_size) {
  std::unique_ptr<Model> model =
      fullModel([](Model &m) { m.sites[0].latent = 0; });
  Opened dummy = makeDummy(*model, 2);
  EXPECT_EQ(readPair(dummy.get(), 0, MOELORA_LATENT_IN, 0).info.rank, 0);
  EXPECT_EQ(readPair(dummy.get(), 0, MOELORA_LATENT_OUT, 0).info.rank, 0);
  EXPECT_EQ(readPair(dummy.get(), 0, MOELORA_GATE, 0).info.in, hidden);
  EXPECT_EQ(readPair(dummy.get(), 2, MOELORA_LATENT_OUT, 0).info.rank, 2);
}

TEST(AdapterDummy, fused_shared_gate_and_up) {
  static const char *const inputLinear[] = {"input_linear", nullptr};
  Model model;
  model.names.shared_gate = model.names.shared_up = nullptr;
  model.names.shared_gate_up = inputLinear;
  Opened dummy = makeDummy(model, 2);
  EXPECT_EQ(readPair(dummy.get(), 0, MOELORA_SHARED_GATE, 0).info.rank, 2);
  EXPECT_EQ(readPair(dummy.get(), 0, MOELORA_SHARED_UP, 0).info.rank, 2);
}

TEST(AdapterDummy, arguments_are_checked) {
  for (int32_t rank : {0, -1, INT32_MIN, 65537, INT32_MAX}) {
    Opened refused = makeDummy(Model(), rank);
    EXPECT_EQ(refused.status, MOELORA_INVALID);
    EXPECT_THAT(refused.text, HasSubstr("expects the rank to be from 1 to "
                                        "65536, but it is " +
                                        std::to_string(rank)));
  }
  EXPECT_EQ(makeDummy(Model(), 65536).status, MOELORA_OK);
  Model wrong;
  wrong.sites[1].layer = 0;
  EXPECT_THAT(makeDummy(wrong, 1).text, HasSubstr("one site for each layer"));
  wrong.sites.clear();
  EXPECT_THAT(makeDummy(wrong, 1).text, HasSubstr("a model with MoE layers"));
  moelora_adapter *none = nullptr;
  EXPECT_EQ(moelora_adapter_make_dummy(nullptr, 1, &none, nullptr),
            MOELORA_INVALID);
}
