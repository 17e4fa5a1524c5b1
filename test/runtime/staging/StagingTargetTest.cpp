/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The model of a table: the sizes of its layers, and adapters of other models.
 */
#include "Staged.h"

#include <gmock/gmock.h>

using namespace moelora::test;

namespace {

/// A table of a Model that was changed.
moelora_slot_table_options optionsFor(const Target &target) {
  moelora_slot_table_options options = tableOptions(3, MOELORA_F16, 32);
  options.target = target.get();
  return options;
}

moelora_facts factsOf(const moelora_slot_table_options &options,
                      int32_t layer = 0) {
  return moelora::PageFormat(options).facts(layer);
}

std::string refusal(const Opened &opened, const Target &target) {
  moelora::PageFormat format(optionsFor(target));
  return failureOf([&] { moelora::ImageBuilder(*opened.get(), format); });
}

uint64_t bits(std::initializer_list<int> projections) {
  uint64_t all = 0;
  for (int p : projections)
    all |= uint64_t(1) << p;
  return all;
}

} // namespace

TEST(StagingTarget, facts_of_a_layer) {
  Whole model;
  Target target(model);
  moelora_facts facts = factsOf(optionsFor(target));
  EXPECT_EQ(facts.size, sizeof facts);
  EXPECT_EQ(facts.dtype, MOELORA_F16);
  EXPECT_EQ(facts.page_order, MOELORA_PAGE_ROW_MAJOR);
  EXPECT_EQ(facts.slots, 3);
  EXPECT_EQ(facts.max_rank, 32);
  EXPECT_EQ(facts.experts, Whole::experts);
  EXPECT_EQ(facts.logits, Whole::experts);
  EXPECT_EQ(facts.hidden, hidden);
  EXPECT_EQ(facts.width, Whole::latent);
  EXPECT_EQ(facts.intermediate, Whole::intermediate);
  EXPECT_EQ(facts.shared, Whole::shared);
  EXPECT_EQ(facts.projections, bits({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(StagingTarget, facts_of_one_peer_rank) {
  Whole model;
  Target target(model);
  moelora_slot_table_options options = optionsFor(target);
  const int32_t experts[] = {3, 1, 0};
  options.experts = experts;
  options.expert_count = 3;
  options.tp_size = 3;
  moelora_facts facts = factsOf(options);
  EXPECT_EQ(facts.experts, 3);
  EXPECT_EQ(facts.intermediate, Whole::intermediate / 3);
  EXPECT_EQ(facts.shared, Whole::shared / 3);
  EXPECT_EQ(facts.hidden, hidden);
}

TEST(StagingTarget, facts_of_what_the_model_has) {
  Model model;
  model.sites[0].gated = 0;
  model.sites[0].shared = 0;
  model.sites[0].logits = 9;
  model.names.router = nullptr;
  Target target(model);
  moelora_facts facts = factsOf(optionsFor(target));
  EXPECT_EQ(facts.logits, 9);
  EXPECT_EQ(facts.width, hidden);
  EXPECT_EQ(facts.projections, bits({MOELORA_UP, MOELORA_DOWN}));
}

TEST(StagingTarget, only_layers_that_are_kept) {
  moelora_slot_table_options options = tableOptions(1);
  const int32_t second[] = {2};
  options.layers = second;
  options.layer_count = 1;
  EXPECT_EQ(factsOf(options, 2).hidden, hidden);
  EXPECT_EQ(failureOf([&] { factsOf(options, 0); }),
            "expects a layer that the slot table keeps, but layer 0 is not "
            "kept");
  EXPECT_EQ(failureOf([&] { factsOf(options, 1); }),
            "expects a layer that the slot table keeps, but layer 1 has no "
            "experts");
}

TEST(StagingTarget, is_there) {
  moelora_slot_table_options options = tableOptions(1);
  options.target = nullptr;
  EXPECT_EQ(failureOf([&] { moelora::PageFormat format(options); }),
            "expects a slot table to have a target, but it is null");
}

TEST(StagingTarget, adapters_of_other_models) {
  Folder folder;
  Opened opened = packedAdapter(folder, 4);
  ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
  auto answer = [&](void (*change)(Model &)) {
    Model model;
    change(model);
    return refusal(opened, Target(model));
  };
  EXPECT_EQ(answer([](Model &) {}), "");
  EXPECT_EQ(answer([](Model &m) { m.sites[1].intermediate = 7; }),
            "expects the up pair of layer 2 to have the 8 inputs and 7 outputs "
            "of the slot table's model, but it has 8 inputs and 5 outputs");
  EXPECT_EQ(answer([](Model &m) { m.sites[0].hidden = 9; }),
            "expects the gate pair of layer 0 to have the 9 inputs and 5 "
            "outputs of the slot table's model, but it has 8 inputs and 5 "
            "outputs");
  EXPECT_EQ(answer([](Model &m) { m.sites[0].experts = 4; }),
            "expects layer 0 of an adapter to have the 4 experts of the slot "
            "table's model, but it has 3");
  EXPECT_EQ(answer([](Model &m) { m.sites.pop_back(); }),
            "expects an adapter of layers that the slot table's model has "
            "experts in, but layer 2 has none");
  // Sizes that no pair uses may differ.
  EXPECT_EQ(answer([](Model &m) { m.sites[0].shared = 7; }), "");
}

TEST(StagingTarget, images_are_not_larger_than_their_offsets) {
  Model model;
  for (moelora_adapter_site &site : model.sites)
    site.hidden = site.intermediate = 1 << 20;
  Target target(model);
  moelora_adapter *dummy = nullptr;
  ASSERT_EQ(moelora_adapter_make_dummy(target.get(), 65536, &dummy, nullptr),
            MOELORA_OK);
  Opened opened;
  opened.adapter.reset(dummy);
  moelora_slot_table_options options = optionsFor(target);
  options.max_rank = 65536;
  moelora::PageFormat format(options);
  EXPECT_EQ(failureOf([&] { moelora::ImageBuilder(*dummy, format); },
                      MOELORA_UNSUPPORTED),
            "expects the image of an adapter to have at most 274877906944 "
            "bytes, but it has more");
}
