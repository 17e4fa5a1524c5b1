/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Names and shapes inside a MoE block that bind to nothing: each an error that
 * says which tensor and why.
 */
#include "Files.h"

#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

/// Opens an adapter with one valid pair and this tensor.
std::string refusalOf(const std::string &name, int64_t rows = 2,
                      int64_t columns = hidden, const std::string &more = "") {
  Folder folder;
  Tensors tensors;
  addPair(tensors, inLayer(0, "mlp.experts.0.up_proj"), 2, hidden,
          intermediate);
  tensors[name] = randomMatrix(rows, columns, 7);
  writeAdapter(folder, config(2, 3, more), tensors);
  Opened opened = open(folder, Model());
  EXPECT_EQ(opened.status, MOELORA_INVALID) << name;
  return opened.text;
}

const std::string expert1 = inLayer(0, "mlp.experts.1.");

} // namespace

TEST(AdapterName, not_of_the_block) {
  EXPECT_THAT(refusalOf(expert1 + "sideways_proj.lora_A.weight"),
              HasSubstr("the MoE block has no module "
                        "'experts.1.sideways_proj' that takes adapters"));
  EXPECT_THAT(refusalOf(inLayer(0, "mlp.experts.01.up_proj.lora_A.weight")),
              HasSubstr("unknown tensor"));
  EXPECT_THAT(refusalOf(inLayer(0, "mlp.gate.base_layer.lora_A.weight")),
              HasSubstr("unknown tensor"));
  EXPECT_THAT(refusalOf("model.layers.0.mlp.gate.lora_A.weight"),
              HasSubstr("expects names to begin with base_model.model."));
}

TEST(AdapterName, expert_out_of_range) {
  EXPECT_THAT(refusalOf(inLayer(0, "mlp.experts.3.up_proj.lora_A.weight")),
              HasSubstr("expects experts below 3, but it is of expert 3"));
}

TEST(AdapterName, layer_out_of_range) {
  EXPECT_THAT(refusalOf(inLayer(3, "mlp.experts.0.up_proj.lora_A.weight")),
              HasSubstr("expects layers below 3, but it is of layer 3"));
  EXPECT_THAT(refusalOf(inLayer(1, "mlp.experts.0.up_proj.lora_A.weight")),
              HasSubstr("layer 1 has no experts"));
}

// They were taken for other parts of the model, and left aside.
TEST(AdapterName, layer_numbers_have_one_spelling) {
  const std::string part = ".mlp.experts.0.up_proj.lora_A.weight";
  for (const char *number : {"00", "02", "9999999999", "18446744073709551616"})
    EXPECT_THAT(
        refusalOf("base_model.model.model.layers." + std::string(number) +
                  part),
        HasSubstr("expects the number of a layer, as in 'layers.12.', but it "
                  "is of '" +
                  std::string(number) + "'"));
}

TEST(AdapterName, half_a_pair) {
  EXPECT_THAT(refusalOf(expert1 + "up_proj.lora_A.weight"),
              HasSubstr("has no lora_B"));
  EXPECT_THAT(refusalOf(expert1 + "up_proj.lora_B.weight"),
              HasSubstr("has no lora_A"));
}

TEST(AdapterName, what_is_no_pair) {
  EXPECT_THAT(refusalOf(expert1 + "up_proj.lora_magnitude_vector"),
              HasSubstr("use_dora"));
  EXPECT_THAT(refusalOf(expert1 + "up_proj.lora_B.bias"),
              HasSubstr("a bias is not part of a pair"));
  EXPECT_THAT(refusalOf(expert1 + "up_proj.weight"),
              HasSubstr("modules_to_save"));
  EXPECT_THAT(refusalOf(expert1 + "up_proj.lora_C.weight"),
              HasSubstr("expects lora_A.weight or lora_B.weight at its end"));
}

TEST(AdapterName, same_place_twice) {
  Folder folder;
  Tensors tensors;
  for (const char *name : {"mlp.experts.0.up_proj", "mlp.experts.0.w3"})
    addPair(tensors, inLayer(0, name), 2, hidden, intermediate);
  writeAdapter(folder, config(2, 3), tensors);
  EXPECT_THAT(open(folder, Model()).text,
              HasSubstr("is the second one for its place"));
}

TEST(AdapterName, rank_and_shape) {
  Folder folder;
  auto refusal = [&](int64_t rank, int64_t in, int64_t out) {
    Tensors tensors;
    addPair(tensors, expert1 + "down_proj", rank, in, out);
    writeAdapter(folder, config(2, 3), tensors);
    return open(folder, Model()).text;
  };
  EXPECT_EQ(refusal(2, intermediate, hidden), "");
  EXPECT_THAT(refusal(3, intermediate, hidden),
              HasSubstr("to have the shape (2, 5), which is (rank 2 of the "
                        "config, the layer's input size), but it has (3, 5)"));
  EXPECT_THAT(refusal(2, intermediate + 1, hidden),
              HasSubstr("but it has (2, 6)"));
  EXPECT_THAT(refusal(2, intermediate, hidden + 1),
              HasSubstr("to have the shape (8, 2)"));
}

TEST(AdapterName, nothing_binds) {
  Folder folder;
  Tensors tensors;
  addPair(tensors, inLayer(0, "self_attn.q_proj"), 2, hidden, hidden);
  writeAdapter(folder, config(2, 3), tensors);
  EXPECT_THAT(open(folder, Model()).text,
              HasSubstr("nothing in the adapter binds to a MoE layer of this "
                        "model: 2 tensors are of other parts"));
}

TEST(AdapterName, modules_to_save) {
  auto refusal = [&](const std::string &entry) {
    Folder folder;
    Tensors tensors;
    addPair(tensors, expert1 + "up_proj", 2, hidden, intermediate);
    writeAdapter(folder,
                 config(2, 3, "\"modules_to_save\": [\"" + entry + "\"]"),
                 tensors);
    return open(folder, Model()).text;
  };
  EXPECT_EQ(refusal("lm_head"), "");
  EXPECT_EQ(refusal("embed_tokens"), "");
  for (const char *entry : {"mlp", "gate", "experts.1", "layers.0", "model",
                            "shared_expert.up_proj", "2.down_proj"})
    EXPECT_THAT(refusal(entry),
                HasSubstr("expects modules_to_save to leave MoE blocks alone"))
        << entry;
}

TEST(AdapterName, bad_target) {
  Folder folder;
  Tensors tensors;
  addPair(tensors, expert1 + "up_proj", 2, hidden, intermediate);
  writeAdapter(folder, config(2, 3), tensors);
  Model twice, empty, far, sized;
  twice.sites[1].layer = 0;
  EXPECT_THAT(open(folder, twice).text, HasSubstr("layer 0 has two"));
  empty.sites.clear();
  EXPECT_EQ(open(folder, empty).status, MOELORA_INVALID);
  far.sites[0].layer = 3;
  EXPECT_EQ(open(folder, far).status, MOELORA_INVALID);
  sized.sites[0].hidden = -1;
  EXPECT_EQ(open(folder, sized).status, MOELORA_INVALID);
}
