/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Adapters as other programs than PEFT leave them: names, files, parts of the
 * model that are not this library's.
 */
#include "Files.h"

#include <gmock/gmock.h>

using namespace moelora::test;
using testing::AllOf;
using testing::HasSubstr;

namespace {

const std::string expert1 = inLayer(0, "mlp.experts.1.");

} // namespace

TEST(AdapterProducers, files_that_are_not_the_adapter) {
  Folder folder;
  folder.write("adapter_config.json", config(2, 3));
  folder.write("adapter_model.bin", "pickled");
  EXPECT_THAT(open(folder, Model()).text,
              AllOf(HasSubstr("it has adapter_model.bin, a pickle"),
                    HasSubstr("safe_serialization=True")));
  folder.write("adapter_model.safetensors",
               "version https://git-lfs.github.com/spec/v1\noid sha256:0\n");
  EXPECT_THAT(open(folder, Model()).text, HasSubstr("a pointer of Git LFS"));
}

TEST(AdapterProducers, saved_without_gathering) {
  for (int64_t columns : {int64_t(0), hidden}) {
    Folder folder;
    Tensors tensors;
    tensors[expert1 + "up_proj.lora_A.weight"] = {0, columns, {}, 0};
    tensors[expert1 + "up_proj.lora_B.weight"] = {0, columns, {}, 0};
    writeAdapter(folder, config(2, 3), tensors);
    EXPECT_THAT(open(folder, Model()).text,
                HasSubstr("saved from a partitioned model (DeepSpeed ZeRO-3, "
                          "FSDP) without gathering it"));
  }
}

namespace {

/// An adapter of one pair of expert 1, and whether it binds there.
void expectBinds(const std::string &module, const std::string &more = "",
                 int projection = MOELORA_UP) {
  bool isDown = projection == MOELORA_DOWN;
  Folder folder;
  Tensors tensors;
  addPair(tensors, "base_model.model." + module, 2,
          isDown ? intermediate : hidden, isDown ? hidden : intermediate);
  writeAdapter(folder, config(more.empty() ? 2 : 7, 3, more), tensors);
  Opened opened = open(folder, Model());
  EXPECT_EQ(opened.status, MOELORA_OK) << module << ": " << opened.text;
  if (opened.status == MOELORA_OK)
    EXPECT_EQ(readPair(opened.get(), 0, projection, 1).info.rank, 2) << module;
}

} // namespace

TEST(AdapterProducers, prefixes_of_text_models) {
  for (const char *prefix :
       {"", "model.", "llm.", "llm.model.", "model.llm.", "language_model.",
        "language_model.model.", "model.language_model.", "model.text_model.",
        "text_model.model.", "language.model.", "thinker.model.",
        "model.language_model.model.", "backbone.", "transformer."})
    expectBinds(std::string(prefix) + "layers.0.mlp.experts.1.up_proj");
}

TEST(AdapterProducers, a_model_that_had_an_adapter_already) {
  expectBinds("base_model.model.model.layers.0.mlp.experts.1.up_proj");
  expectBinds(
      "base_model.model.base_model.model.model.layers.0.mlp."
      "experts.1.down_proj",
      R"("rank_pattern": {"model.layers.0.mlp.experts.1.down_proj": 2})",
      MOELORA_DOWN);
}

TEST(AdapterProducers, prefixes_of_other_parts) {
  for (const char *prefix :
       {"talker.model.", "visual.", "mtp.", "audio_tower.",
        "model.vision_tower.model.", "llm.mtp.", "model.model.model.model."}) {
    Folder folder;
    Tensors tensors;
    addPair(tensors, expert1 + "up_proj", 2, hidden, intermediate);
    addPair(tensors,
            "base_model.model." + std::string(prefix) +
                "layers.0.mlp.experts.1.up_proj",
            2, 1, 1);
    writeAdapter(folder, config(2, 3), tensors);
    Opened opened = open(folder, Model());
    ASSERT_EQ(opened.status, MOELORA_OK) << prefix << opened.text;
    EXPECT_NE(moelora_adapter_elsewhere(opened.get(), 1), nullptr) << prefix;
  }
}

TEST(AdapterProducers, wrappers_are_no_modules) {
  for (const char *wrapper :
       {"_checkpoint_wrapped_module.", "_orig_mod.", "_fsdp_wrapped_module.",
        "_forward_module.", "module.", "_fsdp_wrapped_module._orig_mod."}) {
    std::string w = wrapper;
    expectBinds(w + "model.layers.0.mlp.experts.1.up_proj");
    expectBinds("model." + w + "layers.0.mlp.experts.1.up_proj");
    expectBinds("model.layers." + w + "0." + w + "mlp." + w + "experts." + w +
                    "1." + w + "up_proj",
                R"("rank_pattern": {"experts.1.up_proj": 2})");
    std::string escaped = w.substr(0, w.size() - 1) + "\\\\.";
    expectBinds("model.layers.0.mlp.experts.1.up_proj",
                "\"rank_pattern\": {\"0." + w + "mlp.experts\\\\." + escaped +
                    "1.up_proj\": 2}");
  }
}

TEST(AdapterProducers, names_that_differ_in_wrappers_only) {
  Folder folder;
  Tensors tensors;
  addPair(tensors, expert1 + "up_proj", 2, hidden, intermediate);
  addPair(tensors, expert1 + "_orig_mod.up_proj", 2, hidden, intermediate);
  writeAdapter(folder, config(2, 3), tensors);
  EXPECT_THAT(open(folder, Model()).text, HasSubstr("differ in wrappers only"));
}

TEST(AdapterProducers, experts_listed_by_projection) {
  expectBinds("model.layers.0.mlp.experts.up_projs.1");
  expectBinds("model.layers.0.mlp.experts.down_projs.1", "", MOELORA_DOWN);
  for (const char *module : {"up_projs.3", "up_projs.01", "up_projs.x",
                             "sideways_projs.1", "up_projs", "up_projs.1.x"}) {
    Folder folder;
    Tensors tensors;
    addPair(tensors, inLayer(0, "mlp.experts." + std::string(module)), 2,
            hidden, intermediate);
    writeAdapter(folder, config(2, 3), tensors);
    EXPECT_THAT(open(folder, Model()).text, HasSubstr("unknown tensor"))
        << module;
  }
}

// Rows of gate and up alternate as in the packed parameter.
TEST(AdapterProducers, gate_and_up_listed_in_one) {
  Folder folder;
  Tensors tensors;
  std::string module = inLayer(0, "mlp.experts.gate_up_projs.1");
  addPair(tensors, module, 2, hidden, 2 * intermediate);
  writeAdapter(folder, config(2, 3), tensors);
  Model model;
  for (moelora_adapter_site &site : model.sites)
    site.interleaved = 1;
  Opened opened = open(folder, model);
  ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
  const Matrix &b = tensors[module + ".lora_B.weight"];
  for (int slice : {0, 1}) {
    Pair pair = readPair(opened.get(), 0, MOELORA_GATE + slice, 1);
    ASSERT_EQ(pair.info.rank, 2);
    for (int64_t o = 0; o < intermediate; ++o)
      for (int64_t j : {0, 1})
        EXPECT_EQ(pair.b(o, j), b(2 * o + slice, j));
  }
}

namespace {

/// lora_A of up once for all experts, lora_B of each; the pair of expert 1.
Pair shareA(const std::string &more, std::string &text) {
  Folder folder;
  Tensors tensors;
  tensors[inLayer(0, "mlp.experts.up_proj.lora_A.weight")] =
      randomStack(1, 2, hidden, 3);
  tensors[expert1 + "up_proj.lora_B.weight"] = randomMatrix(intermediate, 2, 4);
  writeAdapter(folder, config(7, 3, more), tensors);
  Opened opened = open(folder, Model());
  text = opened.text;
  return opened.get() ? readPair(opened.get(), 0, MOELORA_UP, 1) : Pair();
}

} // namespace

TEST(AdapterProducers, patterns_of_either_module_of_a_shared_a) {
  std::string text;
  for (const char *ranks : {R"("model.layers.0.mlp.experts.up_proj": 2)",
                            R"("experts.1.up_proj": 2)", R"("up_proj": 2)",
                            R"("experts.up_proj": 2, "up_proj": 9)"}) {
    std::string pattern = "\"rank_pattern\": {" + std::string(ranks) + "}";
    EXPECT_EQ(shareA(pattern, text).info.scale, 1.5) << ranks << text;
    EXPECT_EQ(
        shareA(pattern + R"(, "alpha_pattern": {"experts.up_proj": 8})", text)
            .info.scale,
        4);
    EXPECT_EQ(shareA(pattern + R"(, "alpha_pattern": {"1.up_proj": 6})", text)
                  .info.scale,
              3);
  }
  shareA(R"("rank_pattern": {"up_proj": 2},
            "alpha_pattern": {"experts.up_proj": 8, "up_proj": 6})",
         text);
  EXPECT_THAT(text, HasSubstr("expects alpha_pattern to say the same"));
}
