/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * One packed pair in a model whose sizes fit both layouts: the version of the
 * library or the user decides, or the file is refused.
 */
#include "Files.h"

#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

constexpr int64_t rank = 2;
const std::string outer = inLayer(0, "mlp.experts");

/// gate_up alone in a model with H == 2I: the shapes say nothing.
Opened openBlind(const std::string &more, moelora_adapter_layout layout,
                 moelora_blind_rule rule, Folder &folder) {
  Model model;
  model.names.blind_rule = rule;
  for (moelora_adapter_site &site : model.sites)
    site.intermediate = hidden / 2;
  Tensors tensors;
  addPair(tensors, outer, experts * rank, hidden, hidden);
  std::string target = R"("target_parameters": ["experts.gate_up_proj"])";
  writeAdapter(folder, config(rank, 4, target + more), tensors);
  return open(folder, model, layout);
}

int32_t layoutOf(const Opened &opened) {
  moelora_adapter_coverage coverage = {};
  coverage.size = sizeof coverage;
  moelora_adapter_cover(opened.get(), 0, &coverage);
  return coverage.layout;
}

} // namespace

TEST(AdapterBlind, decided_by_the_library_version) {
  Folder folder;
  auto decide = [&](const char *version, moelora_blind_rule rule) {
    std::string more =
        *version ? R"(, "peft_version": ")" + std::string(version) + "\"" : "";
    Opened opened = openBlind(more, MOELORA_LAYOUT_DECIDE, rule, folder);
    if (opened.status != MOELORA_OK) {
      EXPECT_THAT(opened.text, HasSubstr("ambiguous layout"));
      EXPECT_THAT(opened.text, HasSubstr("--adapter-layout="));
      return 0;
    }
    return layoutOf(opened);
  };
  EXPECT_EQ(decide("", MOELORA_BLIND_OUT_IN), 0);
  EXPECT_EQ(decide("0.18.0", MOELORA_BLIND_OUT_IN), MOELORA_LAYOUT_TRANSPOSED);
  EXPECT_EQ(decide("0.19.0", MOELORA_BLIND_OUT_IN), MOELORA_LAYOUT_TRANSPOSED);
  EXPECT_EQ(decide("0.19.1", MOELORA_BLIND_OUT_IN), MOELORA_LAYOUT_NATURAL);
  EXPECT_EQ(decide("0.21.2", MOELORA_BLIND_OUT_IN), MOELORA_LAYOUT_NATURAL);
  EXPECT_EQ(decide("0.19.1.dev0", MOELORA_BLIND_OUT_IN), 0);
  EXPECT_EQ(decide("0.18.0", MOELORA_BLIND_IN_OUT), MOELORA_LAYOUT_NATURAL);
  EXPECT_EQ(decide("0.19.0", MOELORA_BLIND_IN_OUT), 0);
  EXPECT_EQ(decide("0.19.1", MOELORA_BLIND_REFUSE), 0);
}

TEST(AdapterBlind, as_stated) {
  for (auto layout : {MOELORA_LAYOUT_NATURAL, MOELORA_LAYOUT_TRANSPOSED}) {
    Folder folder;
    Opened opened = openBlind("", layout, MOELORA_BLIND_REFUSE, folder);
    ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
    EXPECT_EQ(layoutOf(opened), layout);
  }
}

TEST(AdapterBlind, down_where_both_sizes_are_one) {
  Model model;
  model.names.blind_rule = MOELORA_BLIND_IN_OUT;
  for (moelora_adapter_site &site : model.sites)
    site.intermediate = hidden;
  Folder folder;
  Tensors tensors;
  addPair(tensors, outer, experts * rank, hidden, hidden);
  auto openWith = [&](const std::string &more) {
    writeAdapter(folder, config(rank, 4, more), tensors);
    return open(folder, model);
  };
  const std::string alone = R"("target_parameters": ["experts.down_proj"])";
  EXPECT_THAT(openWith(alone).text, HasSubstr("ambiguous layout"));
  EXPECT_EQ(layoutOf(openWith(alone + R"(, "peft_version": "0.18.1")")),
            MOELORA_LAYOUT_NATURAL);
  // The shapes of gate_up determine the layout of both.
  addPair(tensors, outer + ".base_layer", experts * rank, 2 * hidden, hidden);
  Opened opened = openWith("\"target_parameters\": null");
  EXPECT_EQ(layoutOf(opened), MOELORA_LAYOUT_TRANSPOSED);
  Pair down = readPair(opened.get(), 0, MOELORA_DOWN, 1);
  EXPECT_EQ(down.a(1, 3),
            tensors[outer + ".lora_B.weight"](3, 1 * experts + 1));
}

TEST(AdapterBlind, both_projections_without_a_gate) {
  static const char *const up[] = {"up_proj", nullptr};
  Model model;
  model.names.packed_gate_up = up;
  for (moelora_adapter_site &site : model.sites) {
    site.intermediate = hidden;
    site.gated = 0;
  }
  Folder folder;
  Tensors tensors;
  addPair(tensors, outer + ".base_layer", experts * rank, hidden, hidden);
  addPair(tensors, outer, experts * rank, hidden, hidden);
  const std::string both = R"("target_parameters": ["up_proj", "down_proj"])";
  writeAdapter(folder, config(rank, 4, both), tensors);
  EXPECT_THAT(open(folder, model).text, HasSubstr("ambiguous layout"));
  writeAdapter(folder, config(rank, 4, both + R"(, "peft_version": "0.21.2")"),
               tensors);
  EXPECT_EQ(layoutOf(open(folder, model)), MOELORA_LAYOUT_NATURAL);
}
