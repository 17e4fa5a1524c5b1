/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The parameter that a packed pair adapts: nesting, target_parameters, modules
 * with one parameter, zero experts, experts without a gate.
 */
#include "Packed.h"

#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

constexpr int64_t rank = PackedFile::rank;
const PackedFile gateUp{true, hidden, 2 * intermediate};
const PackedFile down{true, intermediate, hidden};
const std::string outer = inLayer(0, "mlp.experts");
const std::string inner = outer + ".base_layer";

Opened openWith(const std::string &more, const Tensors &tensors,
                const Model &model = Model()) {
  Folder folder;
  writeAdapter(folder, config(rank, 2, more), tensors);
  return open(folder, model);
}

} // namespace

TEST(AdapterTargets, nesting_does_not_follow_target_parameters) {
  Tensors tensors;
  gateUp.add(tensors, inner, 3);
  down.add(tensors, outer, 4);
  for (const char *targets :
       {R"("target_parameters": ["gate_up_proj", "down_proj"])",
        R"("target_parameters": ["down_proj", "gate_up_proj"])",
        R"("target_parameters": ["layers.0.mlp.experts.down_proj",
             "model.layers.0.mlp.experts.gate_up_proj"])",
        R"("target_parameters": null)"}) {
    Opened opened = openWith(targets, tensors);
    ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
    expectPair(gateUp, tensors, inner, readPair(opened.get(), 0, MOELORA_UP, 1),
               1, intermediate, 1);
    expectPair(down, tensors, outer, readPair(opened.get(), 0, MOELORA_DOWN, 1),
               1, 0, 1);
  }
}

TEST(AdapterTargets, a_bias_is_refused_by_name) {
  // The third wrapper adapts a two-dimensional bias (E, 2I).
  Tensors tensors;
  gateUp.add(tensors, inner + ".base_layer", 3);
  addPair(tensors, inner, rank, 2 * intermediate, experts, 5);
  down.add(tensors, outer, 4);
  Opened opened = openWith(R"("target_parameters": ["experts.gate_up_proj",
      "experts.gate_up_proj_bias", "experts.down_proj"])",
                           tensors);
  EXPECT_EQ(opened.status, MOELORA_INVALID);
  EXPECT_THAT(opened.text, HasSubstr("'experts.gate_up_proj_bias' is none "
                                     "(biases take no adapter)"));
  EXPECT_THAT(openWith("\"target_parameters\": null", tensors).text,
              HasSubstr("3 pairs, nested 3 deep, and target_parameters names "
                        "0 weights"));
}

TEST(AdapterTargets, a_hole_in_the_nesting) {
  Tensors tensors;
  gateUp.add(tensors, inner, 3);
  EXPECT_THAT(
      openWith(R"("target_parameters": ["gate_up_proj"])", tensors).text,
      HasSubstr("1 pairs, nested 2 deep"));
}

TEST(AdapterTargets, without_a_gate) {
  // The first parameter is up_proj; it is wrapped first, thus inside.
  static const char *const up[] = {"up_proj", nullptr};
  Model model;
  model.names.packed_gate_up = up;
  model.sites[0].gated = 0;
  PackedFile upFile{false, hidden, intermediate};
  PackedFile downFile{false, intermediate, hidden};
  Tensors tensors;
  upFile.add(tensors, inner, 3);
  downFile.add(tensors, outer, 4);
  Opened opened = openWith(R"("target_parameters": ["mixer.experts.up_proj",
      "experts.up_proj", "experts.down_proj"])",
                           tensors, model);
  ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
  Pair pair = readPair(opened.get(), 0, MOELORA_UP, 2);
  EXPECT_EQ(pair.info.shares_a, 0);
  expectPair(upFile, tensors, inner, pair, 2, 0, 1);
  expectPair(downFile, tensors, outer,
             readPair(opened.get(), 0, MOELORA_DOWN, 2), 2, 0, 1);
  EXPECT_EQ(readPair(opened.get(), 0, MOELORA_GATE, 2).info.rank, 0);
}

TEST(AdapterTargets, zero_experts) {
  // They are counted in gate_up, have no down, and are not read.
  for (bool natural : {true, false}) {
    Model model;
    model.sites[0].zero_experts = 2;
    PackedFile gateUpFile{natural, hidden, 2 * intermediate, experts + 2};
    PackedFile downFile{natural, intermediate, hidden};
    Tensors tensors;
    gateUpFile.add(tensors, inner, 3);
    downFile.add(tensors, outer, 4);
    Opened opened = openWith("\"target_parameters\": [\"gate_up_proj\", "
                             "\"down_proj\"]",
                             tensors, model);
    ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
    for (int e = 0; e < experts; ++e) {
      expectPair(gateUpFile, tensors, inner,
                 readPair(opened.get(), 0, MOELORA_GATE, e), e, 0, 1);
      expectPair(downFile, tensors, outer,
                 readPair(opened.get(), 0, MOELORA_DOWN, e), e, 0, 1);
    }
    moelora_pair_info info = {};
    info.size = sizeof info;
    EXPECT_EQ(
        moelora_adapter_pair(opened.get(), 0, MOELORA_GATE, experts, &info),
        MOELORA_INVALID);
  }
}

TEST(AdapterTargets, modules_with_one_parameter) {
  static const char *const input[] = {"input_linear", "gate_up_proj", nullptr};
  static const char *const output[] = {"output_linear", "down_proj", nullptr};
  Model model;
  model.names.packed_modules = 1;
  model.names.packed_gate_up = input;
  model.names.packed_down = output;
  std::string in = inLayer(0, "mlp.input_linear");
  std::string out = inLayer(0, "mlp.output_linear");
  Tensors alone, both, nested;
  gateUp.add(alone, in, 3);
  gateUp.add(both, in, 3);
  down.add(both, out, 4);
  // The module says which parameter it is, target_parameters is not needed.
  for (const char *targets : {R"("target_parameters": ["input_linear.weight"])",
                              R"("revision": "")"}) {
    Opened opened = openWith(targets, alone, model);
    ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
    expectPair(gateUp, alone, in, readPair(opened.get(), 0, MOELORA_UP, 1), 1,
               intermediate, 1);
  }
  Opened opened = openWith("\"revision\": \"\"", both, model);
  expectPair(down, both, out, readPair(opened.get(), 0, MOELORA_DOWN, 0), 0, 0,
             1);
  // The other spelling of the family binds too.
  gateUp.add(nested, outer, 3);
  opened = openWith(R"("target_parameters": ["gate_up_proj"])", nested, model);
  ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
  EXPECT_EQ(readPair(opened.get(), 0, MOELORA_GATE, 0).info.rank, rank);
}
