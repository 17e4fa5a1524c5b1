/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Pages hold what files say: every form, rank, element type and order, whole
 * and in parts.
 */
#include "Staged.h"

using namespace moelora::test;

namespace {

struct Kind {
  int32_t dtype, order;
};
constexpr Kind kinds[] = {{MOELORA_F32, MOELORA_PAGE_ROW_MAJOR},
                          {MOELORA_F16, MOELORA_PAGE_ROW_MAJOR},
                          {MOELORA_BF16, MOELORA_PAGE_ROW_MAJOR},
                          {MOELORA_F16, MOELORA_PAGE_FRAGMENT_MAJOR},
                          {MOELORA_BF16, MOELORA_PAGE_FRAGMENT_MAJOR}};

constexpr int32_t someExperts[] = {3, 0, 2};

/// Part `tp_rank` of `tp_size`, of all experts or of some, and maybe another
/// one of the shared expert.
struct Part {
  int32_t rank, size;
  bool some;
  int32_t sharedRank = 0, sharedSize = 0;
};
constexpr Part parts[] = {
    {0, 0, false},      {0, 1, true},       {0, 2, false}, {1, 2, true},
    {0, 3, false},      {1, 3, false},      {2, 3, true},  {0, 0, false, 2, 3},
    {1, 2, true, 4, 6}, {2, 3, false, 0, 1}};

moelora_slot_table_options optionsOf(const Kind &kind, const Part &part) {
  moelora_slot_table_options options = tableOptions(1, kind.dtype);
  options.page_order = kind.order;
  options.tp_rank = part.rank;
  options.tp_size = part.size;
  options.shared_rank = part.sharedRank;
  options.shared_size = part.sharedSize;
  options.experts = part.some ? someExperts : nullptr;
  options.expert_count = 3;
  return options;
}

class StagingForms
    : public testing::TestWithParam<std::tuple<size_t, int, int32_t>> {};

std::string
nameOf(const testing::TestParamInfo<std::tuple<size_t, int, int32_t>> &info) {
  auto [form, rank, dtype] = info.param;
  std::string name = forms[form].name;
  for (char &c : name)
    c = std::isalnum(c) ? c : '_';
  return name + "_" + std::to_string(rank) + "_" + moelora_dtype_name(dtype);
}

} // namespace

TEST_P(StagingForms, exact) {
  auto [form, rank, dtype] = GetParam();
  Folder folder;
  Opened opened = forms[form].open(folder, rank, dtype);
  ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
  for (const Kind &kind : kinds)
    for (const Part &part : parts) {
      SCOPED_TRACE("dtype " + std::to_string(kind.dtype) + ", order " +
                   std::to_string(kind.order) + ", part " +
                   std::to_string(part.rank) + " of " +
                   std::to_string(part.size) + ", shared " +
                   std::to_string(part.sharedRank) + " of " +
                   std::to_string(part.sharedSize));
      moelora_slot_table_options options = optionsOf(kind, part);
      Staged staged(opened, options);
      int pairs = expectStaged(staged, opened, options);
      // The smallest forms have gate and up of one kept expert.
      EXPECT_GE(pairs, 2);
    }
}

/// Rows and columns of this tensor have equal steps.
TEST(StagingSizes, of_one) {
  for (int rank : {1, 3})
    for (bool transposed : {false, true}) {
      Whole model(transposed);
      for (moelora_adapter_site &site : model.sites) {
        site.hidden = site.intermediate = 1;
        site.latent = 0;
      }
      Folder folder;
      Tensors tensors;
      std::string outer = inLayer(0, "mlp.experts");
      int ranks = Whole::experts * rank, both = 2;
      addPair(tensors, outer + ".base_layer", ranks, transposed ? both : 1,
              transposed ? 1 : both);
      addPair(tensors, outer, ranks, 1, 1, 2);
      addPair(tensors, inLayer(2, "mlp.experts.1.up_proj"), rank, 1, 1, 3);
      addPair(tensors, inLayer(2, "mlp.shared_expert_gate"), rank, 1, 1, 4);
      writeAdapter(folder, config(rank, 1, packedTargets), tensors);
      Opened opened = open(folder, model);
      ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
      for (const Kind &kind : kinds) {
        moelora_slot_table_options options = optionsOf(kind, parts[0]);
        Staged staged(opened, options);
        EXPECT_EQ(expectStaged(staged, opened, options), 14);
      }
    }
}

INSTANTIATE_TEST_SUITE_P(
    , StagingForms,
    testing::Combine(testing::Range<size_t>(0, forms.size()),
                     testing::Values(1, 2, 3, 4, 8, 12, 15, 16, 17, 20, 33, 64),
                     testing::Values(MOELORA_F32, MOELORA_BF16)),
    nameOf);
