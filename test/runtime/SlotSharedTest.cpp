/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Slot tables that take only adapters whose experts share A.
 */
#include "Tables.h"

#include <functional>
#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

constexpr int rank = 2;
const std::string stack = inLayer(0, "mlp.experts.");
const std::string lastA = ".lora_A.weight", lastB = ".lora_B.weight";

moelora_slot_table_options sharing() {
  moelora_slot_table_options options = tableOptions(2);
  options.shared_a = 1 << MOELORA_GATE | 1 << MOELORA_UP;
  return options;
}

/// A of gate and up once, all else for each expert.
Tensors sharedOuter() {
  Tensors tensors;
  for (const char *name : {"gate_proj", "up_proj"}) {
    tensors[stack + name + lastA] = randomStack(1, rank, hidden, 1);
    for (int e = 0; e < experts; ++e)
      tensors[stack + std::to_string(e) + "." + name + lastB] =
          randomMatrix(intermediate, rank, static_cast<unsigned>(e));
  }
  for (int e = 0; e < experts; ++e)
    addPair(tensors, stack + std::to_string(e) + ".down_proj", rank,
            intermediate, hidden);
  return tensors;
}

struct SlotShared : testing::Test {
  /// The error of a table for such an adapter, which it does not keep.
  std::string refusal(const Tensors &tensors, const std::string &more = "",
                      moelora_slot_table_options options = sharing()) {
    writeAdapter(folder, config(rank, 4, more), tensors);
    Opened opened = open(folder, Model());
    EXPECT_EQ(opened.status, MOELORA_OK) << opened.text;
    Table table(options);
    int32_t id = -1;
    if (table.assign("x", opened, id) == MOELORA_OK)
      return "";
    EXPECT_EQ(table.stats().used_slots, 0);
    EXPECT_EQ(table.bytes(), 0u);
    return table.text;
  }

  Folder folder;
};

} // namespace

TEST_F(SlotShared, one_a_for_all_experts) {
  writeAdapter(folder, config(rank, 4), sharedOuter());
  Opened opened = open(folder, Model());
  Table table(sharing());
  int32_t id = -1;
  ASSERT_EQ(table.assign("x", opened, id), MOELORA_OK) << table.text;
  for (int projection : {MOELORA_GATE, MOELORA_UP})
    for (int e = 1; e < experts; ++e) {
      const moelora_pair &first = table.pair(0, 0, projection, 0),
                         &other = table.pair(0, 0, projection, e);
      EXPECT_EQ(other.a, first.a);
      EXPECT_NE(other.b, first.b);
      EXPECT_EQ(other.pages, first.pages);
      EXPECT_EQ(other.scale, first.scale);
    }
}

TEST_F(SlotShared, an_a_for_each_expert) {
  Tensors tensors;
  for (int e = 0; e < experts; ++e)
    addPair(tensors, stack + std::to_string(e) + ".up_proj", rank, hidden,
            intermediate, 1); // with the same numbers
  EXPECT_EQ(refusal(tensors),
            "expects the experts of an adapter to share A of up, as layers "
            "that are compiled with --shared-outer do, but experts 0 and 1 of "
            "layer 0 do not: each has its own. Layers that are compiled "
            "without it take any adapter");
  EXPECT_EQ(refusal(tensors, "", tableOptions(2)), "");
}

TEST_F(SlotShared, a_pair_for_some_experts) {
  for (int missing = 0; missing < experts; ++missing) {
    Tensors tensors = sharedOuter();
    tensors.erase(stack + std::to_string(missing) + ".gate_proj" + lastB);
    EXPECT_THAT(refusal(tensors), HasSubstr("share A of gate"));
    EXPECT_THAT(refusal(tensors), HasSubstr("only one of them has a pair"));
  }
}

TEST_F(SlotShared, other_ranks_and_scales) {
  Tensors tensors;
  for (int e = 0; e < experts; ++e)
    addPair(tensors, stack + std::to_string(e) + ".gate_proj",
            e == 2 ? 3 : rank, hidden, intermediate);
  EXPECT_THAT(refusal(tensors, R"("rank_pattern": {"2.gate_proj": 3})"),
              HasSubstr("experts 0 and 1 of layer 0 do not: each has its own"));
  tensors = {};
  for (int e = 0; e < experts; ++e)
    addPair(tensors, stack + std::to_string(e) + ".gate_proj",
            e == 1 ? 3 : rank, hidden, intermediate);
  EXPECT_THAT(refusal(tensors, R"("rank_pattern": {"1.gate_proj": 3})"),
              HasSubstr("experts 0 and 1 of layer 0 do not: their ranks"));
  EXPECT_THAT(
      refusal(sharedOuter(), R"("alpha_pattern": {"2.gate_proj": 3})"),
      HasSubstr("experts 0 and 2 of layer 0 do not: their scales differ"));
}

// Experts are those that the table keeps, by their numbers in the model.
TEST_F(SlotShared, experts_of_a_peer_rank) {
  Tensors tensors = sharedOuter();
  tensors.erase(stack + "1.gate_proj" + lastB);
  moelora_slot_table_options options = sharing();
  const int32_t without[] = {2, 0}, with[] = {2, 1}, absent[] = {2, -1};
  options.expert_count = 2;
  options.experts = without;
  EXPECT_EQ(refusal(tensors, "", options), "");
  // An expert that the rank does not have shares A with all others.
  options.experts = absent;
  EXPECT_EQ(refusal(tensors, "", options), "");
  options.experts = with;
  EXPECT_THAT(refusal(tensors, "", options),
              HasSubstr("experts 2 and 1 of layer 0 do not"));
}

TEST_F(SlotShared, other_projections_and_zeros) {
  Tensors tensors;
  for (int e = 0; e < experts; ++e)
    addPair(tensors, stack + std::to_string(e) + ".down_proj", rank,
            intermediate, hidden);
  EXPECT_EQ(refusal(tensors), "");
  moelora_adapter *zeros = nullptr;
  ASSERT_EQ(moelora_adapter_make_dummy(usualTarget(), 4, &zeros, nullptr),
            MOELORA_OK);
  Table table(sharing());
  int32_t id = -1;
  EXPECT_EQ(table.call(moelora_slot_table_assign, "zeros", zeros, nullptr, &id),
            MOELORA_OK)
      << table.text;
  moelora_adapter_close(zeros);
}

TEST_F(SlotShared, unknown_projections) {
  moelora_slot_table_options options = sharing();
  options.shared_a = 1 << MOELORA_PROJECTIONS;
  moelora_slot_table *table = nullptr;
  moelora_error *error = nullptr;
  EXPECT_EQ(moelora_slot_table_create(&options, &table, &error),
            MOELORA_INVALID);
  EXPECT_STREQ(moelora_error_text(error),
               "expects shared_a to have the bits of projections, but it is "
               "1024");
  moelora_error_free(error);
}
