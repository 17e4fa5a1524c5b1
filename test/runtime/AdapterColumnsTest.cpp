/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The order of columns in packed lora_B: stated in files, stated by callers,
 * and refused if it is not stated.
 */
#include "Packed.h"

#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

constexpr int rankMajor = MOELORA_COLUMNS_RANK_MAJOR,
              grouped = MOELORA_COLUMNS_GROUPED_BY_EXPERT;
constexpr int64_t rank = PackedFile::rank;
const std::string outer = inLayer(0, "mlp.experts");
const std::string target = R"("target_parameters": ["experts.down_proj"])";

/// down_proj alone, with this in its configuration.
struct DownFile {
  DownFile(bool natural, const std::string &more)
      : file{natural, intermediate, hidden} {
    file.add(tensors, outer, 5);
    writeAdapter(folder, config(rank, 4, target + more), tensors);
  }
  void expectColumns(const Opened &opened, int32_t columns) {
    ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
    file.grouped = columns == grouped;
    for (int e = 0; e < experts; ++e)
      expectPair(file, tensors, outer,
                 readPair(opened.get(), 0, MOELORA_DOWN, e), e, 0, 1);
    moelora_adapter_coverage coverage = {};
    coverage.size = sizeof coverage;
    moelora_adapter_cover(opened.get(), 0, &coverage);
    EXPECT_EQ(coverage.columns, columns);
  }
  PackedFile file;
  Tensors tensors;
  Folder folder;
};

/// A model whose packed parameters are stored like this.
Opened openStored(const DownFile &file, int32_t storage, int32_t columns = 0) {
  Model model;
  for (moelora_adapter_site &site : model.sites)
    site.storage = storage;
  return open(file.folder, model, MOELORA_LAYOUT_DECIDE, columns);
}

const std::string version = R"(, "peft_version": "0.20.0")";
const std::string fixedByUnsloth =
    version + R"(, "auto_mapping": {"unsloth_fixed": true})";

} // namespace

TEST(AdapterColumns, as_the_configuration_says) {
  for (bool natural : {true, false}) {
    DownFile major(natural,
                   fixedByUnsloth + R"(, "lora_B_layout": "rank_major")");
    major.expectColumns(openStored(major, 0), rankMajor);
    DownFile byExpert(natural, fixedByUnsloth +
                                   R"(, "lora_B_layout": "grouped_by_expert")");
    byExpert.expectColumns(openStored(byExpert, 0), grouped);
    DownFile byParameter(natural, version + R"(, "unsloth_fused_expert_lora":
        {"lora_A_layout": "grouped_by_expert", "parameters":
         {"down_proj": {"lora_B_layout": "grouped_by_expert"}}})");
    byParameter.expectColumns(openStored(byParameter, 0), grouped);
  }
}

TEST(AdapterColumns, as_peft_does) {
  DownFile file(true, version);
  file.expectColumns(openStored(file, 0), rankMajor);
}

// PEFT 0.17 states no version. The layout identifies files that it has packed.
TEST(AdapterColumns, without_a_version) {
  DownFile natural(true, ""), transposed(false, "");
  natural.expectColumns(openStored(natural, MOELORA_STORED_IN_OUT), rankMajor);
  transposed.expectColumns(openStored(transposed, MOELORA_STORED_OUT_IN),
                           rankMajor);
  for (const Opened &opened :
       {openStored(natural, MOELORA_STORED_OUT_IN), openStored(natural, 0),
        openStored(transposed, MOELORA_STORED_IN_OUT)})
    EXPECT_THAT(
        opened.text,
        HasSubstr("ambiguous columns: lora_B of "
                  "'model.layers.0.mlp.experts.down_proj' has 3 experts "
                  "x rank 2 columns, which PEFT orders by rank and "
                  "other programs by expert, and no peft_version"));
}

TEST(AdapterColumns, of_another_program_that_does_not_say_it) {
  for (const std::string &more :
       {fixedByUnsloth,
        version + R"(, "unsloth_fused_expert_lora": {"num_experts": 3})"}) {
    DownFile file(true, more);
    EXPECT_THAT(
        openStored(file, MOELORA_STORED_IN_OUT).text,
        HasSubstr("the configuration is of another program; state it with "
                  "--adapter-columns=NAME=rank_major|grouped_by_expert"));
    file.expectColumns(openStored(file, 0, grouped), grouped);
    file.expectColumns(openStored(file, 0, rankMajor), rankMajor);
  }
}

TEST(AdapterColumns, statements_that_are_contradicted) {
  DownFile file(true, R"(, "lora_B_layout": "rank_major")");
  EXPECT_THAT(openStored(file, 0, grouped).text,
              HasSubstr("the stated columns are grouped_by_expert, but "
                        "lora_B_layout of the configuration is 'rank_major'"));
  EXPECT_THAT(openStored(file, 0, 3).text,
              HasSubstr("expects the columns to be from 0 to 2, but it is 3"));
}

TEST(AdapterColumns, marks_that_are_none) {
  const char *cases[][2] = {
      {R"("lora_B_layout": "by_rank")",
       "expects lora_B_layout to be 'rank_major' or 'grouped_by_expert', but "
       "it is 'by_rank'"},
      {R"("lora_B_layout": 1)", "expects lora_B_layout to be"},
      {R"("lora_B_layout": "rank_major", "unsloth_fused_expert_lora":
          {"parameters": {"a": {"lora_B_layout": "grouped_by_expert"}}})",
       "expects one lora_B_layout for all parameters"},
      {R"("unsloth_fused_expert_lora": {"lora_A_layout": "rank_major"})",
       "expects lora_A_layout to be 'grouped_by_expert', but it is "
       "'rank_major'"}};
  for (const auto &[more, text] : cases) {
    DownFile file(true, std::string(", ") + more);
    EXPECT_THAT(openStored(file, 0).text, HasSubstr(text));
  }
}

// With one rank, both orders are the same.
TEST(AdapterColumns, that_do_not_matter) {
  Folder folder;
  Tensors tensors;
  addPair(tensors, outer, experts, intermediate, hidden);
  writeAdapter(folder, config(1, 4, target + fixedByUnsloth), tensors);
  EXPECT_EQ(open(folder, Model()).status, MOELORA_OK);
}
