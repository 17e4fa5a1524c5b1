/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The names of modules in families: blocks that are the layer itself, paths of
 * several components, shared experts, latent projections.
 */
#include "Files.h"

#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

struct Case {
  const char *module;
  int projection;
  int64_t in, out;
};

/// Opens an adapter of these modules in layer 0, and checks each pair.
void expectBound(const Model &model, const std::vector<Case> &cases) {
  Folder folder;
  Tensors tensors;
  unsigned seed = 1;
  for (const Case &c : cases)
    addPair(tensors, inLayer(0, c.module), 2, c.in, c.out, seed++);
  writeAdapter(folder, config(2, 3), tensors);
  Opened opened = open(folder, model);
  ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
  for (const Case &c : cases) {
    Pair pair = readPair(opened.get(), 0, c.projection, 0);
    EXPECT_EQ(pair.a.data,
              tensors[inLayer(0, c.module) + ".lora_A.weight"].data)
        << c.module;
    EXPECT_EQ(pair.b.data,
              tensors[inLayer(0, c.module) + ".lora_B.weight"].data)
        << c.module;
  }
}

std::string refusalOf(const Model &model, const char *module, int64_t in,
                      int64_t out) {
  Folder folder;
  Tensors tensors;
  addPair(tensors, inLayer(0, module), 2, in, out);
  writeAdapter(folder, config(2, 3), tensors);
  return open(folder, model).text;
}

} // namespace

TEST(AdapterFamilies, block_is_the_layer) {
  static const char *const none[] = {"", nullptr};
  static const char *const router[] = {"router.proj", nullptr};
  Model model;
  model.names.block = none;
  model.names.router = router;
  model.names.shared = nullptr;
  expectBound(model, {{"router.proj", MOELORA_ROUTER, hidden, experts},
                      {"experts.0.up_proj", MOELORA_UP, hidden, intermediate}});
  // The layer's other modules are elsewhere, those of its parts are not.
  EXPECT_THAT(refusalOf(model, "self_attn.q_proj", 4, 4),
              HasSubstr("nothing in the adapter binds"));
  EXPECT_THAT(refusalOf(model, "mlp.up_proj", 4, 4),
              HasSubstr("nothing in the adapter binds"));
  EXPECT_THAT(refusalOf(model, "router.scale_proj", 4, 4),
              HasSubstr("has no module 'router.scale_proj'"));
}

TEST(AdapterFamilies, several_blocks) {
  static const char *const blocks[] = {"mlp", "ffn", nullptr};
  Model model;
  model.names.block = blocks;
  for (const char *module : {"mlp.experts.0.up_proj", "ffn.experts.0.w3"})
    expectBound(model, {{module, MOELORA_UP, hidden, intermediate}});
}

TEST(AdapterFamilies, shared_expert_beside_the_block) {
  static const char *const blocks[] = {"mlp", "", nullptr};
  static const char *const shared[] = {"shared_mlp", nullptr};
  Model model;
  model.names.block = blocks;
  model.names.shared = shared;
  expectBound(
      model, {{"shared_mlp.down_proj", MOELORA_SHARED_DOWN, sharedSize, hidden},
              {"mlp.experts.0.up_proj", MOELORA_UP, hidden, intermediate}});
}

TEST(AdapterFamilies, names_of_several_words) {
  static const char *const router[] = {"gate", "router.gate", "gate.wg",
                                       nullptr};
  static const char *const shared[] = {"shared_experts", "shared_mlp", nullptr};
  Model model;
  model.names.router = router;
  model.names.shared = shared;
  for (const char *module : {"mlp.gate", "mlp.router.gate", "mlp.gate.wg"})
    expectBound(model, {{module, MOELORA_ROUTER, hidden, experts}});
  for (const char *module :
       {"mlp.shared_experts.down_proj", "mlp.shared_mlp.down_proj"})
    expectBound(model, {{module, MOELORA_SHARED_DOWN, sharedSize, hidden}});
  EXPECT_THAT(refusalOf(model, "mlp.router", hidden, experts),
              HasSubstr("has no module 'router'"));
}

TEST(AdapterFamilies, shared_gate_and_up_in_one) {
  static const char *const both[] = {"input_linear", nullptr};
  Model model;
  model.names.shared_gate_up = both;
  model.sites[0].interleaved = 1; // of packed experts, not of this
  Folder folder;
  Tensors tensors;
  std::string module = inLayer(0, "mlp.shared_expert.input_linear");
  addPair(tensors, module, 2, hidden, 2 * sharedSize);
  writeAdapter(folder, config(2, 3), tensors);
  Opened opened = open(folder, model);
  ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
  const Matrix &b = tensors[module + ".lora_B.weight"];
  for (int64_t slice : {0, 1}) {
    Pair pair = readPair(opened.get(), 0,
                         MOELORA_SHARED_GATE + static_cast<int>(slice), 0);
    ASSERT_EQ(pair.info.out, sharedSize);
    for (int64_t o = 0; o < sharedSize; ++o)
      EXPECT_EQ(pair.b(o, 1), b(slice * sharedSize + o, 1));
  }
}

TEST(AdapterFamilies, latent_experts) {
  static const char *const in[] = {"fc1_latent_proj", nullptr};
  static const char *const out[] = {"fc2_latent_proj", nullptr};
  constexpr int64_t latent = 4;
  Model model;
  model.names.latent_in = in;
  model.names.latent_out = out;
  EXPECT_THAT(refusalOf(model, "mlp.fc1_latent_proj", hidden, latent),
              HasSubstr("has no module"));
  model.sites[0].latent = latent;
  expectBound(
      model,
      {{"mlp.fc1_latent_proj", MOELORA_LATENT_IN, hidden, latent},
       {"mlp.fc2_latent_proj", MOELORA_LATENT_OUT, latent, hidden},
       {"mlp.experts.0.up_proj", MOELORA_UP, latent, intermediate},
       {"mlp.experts.0.down_proj", MOELORA_DOWN, intermediate, latent},
       {"mlp.shared_expert.up_proj", MOELORA_SHARED_UP, hidden, sharedSize},
       {"mlp.gate", MOELORA_ROUTER, hidden, experts}});
  EXPECT_THAT(refusalOf(model, "mlp.experts.0.up_proj", hidden, intermediate),
              HasSubstr("to have the shape (2, 4)"));
}

TEST(AdapterFamilies, router_answers_zero_experts_too) {
  Model model;
  model.sites[0].logits = experts + 2;
  model.sites[0].zero_experts = 2;
  expectBound(model, {{"mlp.gate", MOELORA_ROUTER, hidden, experts + 2}});
  EXPECT_THAT(refusalOf(model, "mlp.experts.3.up_proj", hidden, intermediate),
              HasSubstr("expects experts below 3, but it is of expert 3"));
}
