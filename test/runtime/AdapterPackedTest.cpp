/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Packed pairs: every layout is compared with the definition, element by
 * element, and files whose layout cannot be determined are refused.
 */
#include "Packed.h"

#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

constexpr int64_t rank = PackedFile::rank;
const std::string outer = inLayer(0, "mlp.experts");
const std::string inner = outer + ".base_layer";
const char *both = R"("target_parameters": ["mlp.experts.down_proj",
                                            "mlp.experts.gate_up_proj"])";

void checkBoth(bool natural, bool interleaved) {
  PackedFile gateUp{natural, hidden, 2 * intermediate};
  PackedFile down{natural, intermediate, hidden};
  Tensors tensors;
  gateUp.add(tensors, inner, 3);
  down.add(tensors, outer, 4);
  Folder folder;
  writeAdapter(folder, config(rank, 6, both), tensors);
  Model model;
  for (moelora_adapter_site &site : model.sites)
    site.interleaved = interleaved;
  Opened opened = open(folder, model);
  ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
  int64_t step = interleaved ? 2 : 1, upAt = interleaved ? 1 : intermediate;
  for (int e = 0; e < experts; ++e) {
    Pair gate = readPair(opened.get(), 0, MOELORA_GATE, e);
    EXPECT_EQ(gate.info.shares_a, 1);
    EXPECT_EQ(gate.info.scale, 3);
    expectPair(gateUp, tensors, inner, gate, e, 0, step);
    expectPair(gateUp, tensors, inner, readPair(opened.get(), 0, MOELORA_UP, e),
               e, upAt, step);
    expectPair(down, tensors, outer, readPair(opened.get(), 0, MOELORA_DOWN, e),
               e, 0, 1);
  }
  moelora_adapter_coverage coverage = {};
  coverage.size = sizeof coverage;
  ASSERT_EQ(moelora_adapter_cover(opened.get(), 0, &coverage), MOELORA_OK);
  EXPECT_EQ(coverage.layout,
            natural ? MOELORA_LAYOUT_NATURAL : MOELORA_LAYOUT_TRANSPOSED);
  EXPECT_THAT(coverage.why, HasSubstr("shapes"));
}

} // namespace

TEST(AdapterPacked, natural) { checkBoth(true, false); }
TEST(AdapterPacked, transposed) { checkBoth(false, false); }
TEST(AdapterPacked, natural_interleaved) { checkBoth(true, true); }
TEST(AdapterPacked, transposed_interleaved) { checkBoth(false, true); }

TEST(AdapterPacked, single_target_is_what_target_parameters_says) {
  Folder folder;
  Tensors tensors;
  PackedFile down{true, intermediate, hidden};
  down.add(tensors, outer, 5);
  writeAdapter(folder, config(rank, 2, R"("target_parameters": ["down_proj"])"),
               tensors);
  Opened opened = open(folder, Model());
  ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
  expectPair(down, tensors, outer, readPair(opened.get(), 0, MOELORA_DOWN, 1),
             1, 0, 1);
  EXPECT_EQ(readPair(opened.get(), 0, MOELORA_GATE, 1).info.rank, 0);
}

TEST(AdapterPacked, target_parameters_must_account_for_every_pair) {
  Folder folder;
  Tensors tensors;
  PackedFile{true, intermediate, hidden}.add(tensors, outer, 5);
  for (const char *targets :
       {R"("target_parameters": null)",
        R"("target_parameters": ["mlp.experts.up_proj"])", both,
        R"("target_parameters": ["layers.2.mlp.experts.down_proj"])",
        R"("target_parameters": ["mlp.shared.down_proj"])"}) {
    writeAdapter(folder, config(rank, 2, targets), tensors);
    Opened opened = open(folder, Model());
    EXPECT_EQ(opened.status, MOELORA_INVALID) << targets;
    EXPECT_THAT(opened.text, HasSubstr("target_parameters"));
  }
}

TEST(AdapterPacked, contradictory_shapes) {
  Folder folder;
  Tensors tensors;
  PackedFile{true, hidden, 2 * intermediate}.add(tensors, inner, 3);
  PackedFile{false, intermediate, hidden}.add(tensors, outer, 4);
  writeAdapter(folder, config(rank, 6, both), tensors);
  EXPECT_THAT(open(folder, Model()).text,
              HasSubstr("expects one layout in a file"));
}

TEST(AdapterPacked, stated_layout_must_not_contradict_the_shapes) {
  Folder folder;
  Tensors tensors;
  PackedFile{true, hidden, 2 * intermediate}.add(tensors, inner, 3);
  PackedFile{true, intermediate, hidden}.add(tensors, outer, 4);
  writeAdapter(folder, config(rank, 6, both), tensors);
  Model model;
  EXPECT_EQ(open(folder, model, MOELORA_LAYOUT_NATURAL).status, MOELORA_OK);
  EXPECT_THAT(open(folder, model, MOELORA_LAYOUT_TRANSPOSED).text,
              HasSubstr("the stated layout is transposed, but"));
}

TEST(AdapterPacked, rank_and_shape) {
  Folder folder;
  Tensors tensors;
  PackedFile{true, hidden, 2 * intermediate + 2}.add(tensors, inner, 3);
  PackedFile{true, intermediate, hidden}.add(tensors, outer, 4);
  writeAdapter(folder, config(rank, 6, both), tensors);
  EXPECT_THAT(open(folder, Model()).text, HasSubstr("in = 8 and out = 10"));
  writeAdapter(folder, config(rank + 1, 6, both), tensors);
  EXPECT_THAT(open(folder, Model()).text,
              HasSubstr("experts x rank = 3 x 3 = 9"));
}
