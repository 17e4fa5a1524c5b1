// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Binding: slot tables that fit a layer, and those that do not.

#include "SlotTables.h"

#include <functional>

using namespace moelora::test;

namespace {

struct BindTable : testing::Test {
  /// Binds to a table of such facts, whose options may be changed besides.
  std::string error(const char *path = LAYER_NAIVE) {
    MadeProgram made(path);
    TableOf table(facts);
    moelora_binding binding = made.weights.binding(table.table);
    binding.layer = layer;
    moelora_bound_layer *bound = nullptr;
    std::string text =
        errorOf(moelora_layer_bind, made.program, &binding, &bound);
    EXPECT_EQ(errorOf(moelora_layer_unbind, bound), "");
    return text;
  }

  LoadedLayer loaded{LAYER_NAIVE};
  moelora_facts facts = loaded.variant().adapters;
  int32_t layer = -1;
};

TEST_F(BindTable, TakesItsFacts) { EXPECT_EQ(error(), ""); }

TEST_F(BindTable, TakesFewerSlotsAndSmallerRanks) {
  --facts.slots;
  facts.max_rank = 16;
  EXPECT_EQ(error(), "");
}

struct TableMisfit {
  const char *name;
  std::function<void(moelora_facts &)> make;
  const char *answer;
};

struct TableMisfits : BindTable, testing::WithParamInterface<TableMisfit> {};

TEST_P(TableMisfits, Refused) {
  GetParam().make(facts);
  EXPECT_EQ(error(), GetParam().answer);
}

#define AGREE "expects the compiled layer and the slot table to agree on "
const TableMisfit misfits[] = {
    {"dtype", [](moelora_facts &f) { f.dtype = MOELORA_F16; },
     AGREE "the adapters' element type, but the compiled layer has 3 and the "
           "slot table has 2"},
    {"order",
     [](moelora_facts &f) { f.page_order = MOELORA_PAGE_FRAGMENT_MAJOR; },
     AGREE "the page order, but the compiled layer has 1 and the slot table "
           "has 2"},
    {"slots", [](moelora_facts &f) { f.slots = 5; },
     "expects at most the 4 slots of the compiled layer, but the slot table "
     "has 5"},
    {"max_rank", [](moelora_facts &f) { f.max_rank = 65; },
     "expects at most the 64 as max_rank of the compiled layer, but the slot "
     "table has 65"},
    {"experts", [](moelora_facts &f) { f.experts = 7; },
     AGREE "the number of experts, but the compiled layer has 6 and the slot "
           "table has 7"},
    {"logits", [](moelora_facts &f) { f.logits = 8; },
     AGREE "the number of logits, but the compiled layer has 6 and the slot "
           "table has 8"},
    {"hidden", [](moelora_facts &f) { f.hidden = f.width = 40; },
     AGREE "the hidden size, but the compiled layer has 48 and the slot table "
           "has 40"},
    {"width", [](moelora_facts &f) { f.width = 40; },
     AGREE "the width of what experts read, but the compiled layer has 48 and "
           "the slot table has 40"},
    {"intermediate", [](moelora_facts &f) { f.intermediate = 23; },
     AGREE "the intermediate size, but the compiled layer has 24 and the slot "
           "table has 23"},
};
#undef AGREE

INSTANTIATE_TEST_SUITE_P(Bind, TableMisfits, testing::ValuesIn(misfits),
                         [](const auto &info) { return info.param.name; });

TEST_F(BindTable, OnlyLayersThatTheTableKeeps) {
  layer = 1;
  EXPECT_EQ(error(), "expects a layer that the slot table keeps, but layer 1 "
                     "has no experts");
}

TEST_F(BindTable, ALayerWithoutANumberNeedsOne) {
  facts = LoadedLayer(LAYER_UNNUMBERED).variant().adapters;
  EXPECT_EQ(error(LAYER_UNNUMBERED),
            "expects the number of a layer, as the compiled layer has none of "
            "its own, but it is -1");
  layer = 0;
  EXPECT_EQ(error(LAYER_UNNUMBERED), "");
}

/// Binds a layer with this variant.
struct BindVariant : BindTable {
  std::string errorWith(const moelora_variant &variant) {
    moelora_artifact artifact = loaded.artifact();
    artifact.variant = &variant;
    moelora_program *program = nullptr;
    EXPECT_EQ(errorOf(moelora_program_create, &artifact,
                      static_cast<const char *>(nullptr), moelora_device_cpu(),
                      static_cast<const moelora_services *>(nullptr), &program),
              "");
    TableOf table(facts);
    WeightMemory weights(variant);
    moelora_binding binding = weights.binding(table.table);
    moelora_bound_layer *bound = nullptr;
    std::string text = errorOf(moelora_layer_bind, program, &binding, &bound);
    EXPECT_EQ(errorOf(moelora_layer_unbind, bound), "");
    EXPECT_EQ(errorOf(moelora_program_destroy, program), "");
    return text;
  }

  moelora_variant variant = loaded.variant();
};

// No adapter is ignored without an error.
TEST_F(BindVariant, PairsThatTheLayerDoesNotAdapt) {
  variant.adapters.projections &= ~(uint64_t(1) << MOELORA_ROUTER);
  EXPECT_EQ(errorWith(variant),
            "expects the compiled layer to adapt what adapters of the slot "
            "table may have, but it does not adapt router");
}

// Code that reads one A for all experts gets no adapters with several.
TEST_F(BindVariant, ATableThatTakesAdaptersWithSeveralA) {
  variant.adapters.shared_a = 1 << MOELORA_UP;
  EXPECT_EQ(errorWith(variant),
            "expects a slot table that takes only adapters whose experts share "
            "A of up, as the compiled layer requires, but its shared_a is 0");
  facts.shared_a = 1 << MOELORA_GATE | 1 << MOELORA_UP;
  EXPECT_EQ(errorWith(variant), "");
}

} // namespace
