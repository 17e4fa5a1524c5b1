// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loading: one compiled layer made by hand, and files that are none.

#include "ScratchFile.h"

using namespace moelora::test;
using testing::EndsWith;
using testing::HasSubstr;

namespace {

TEST(Artifact, LoadsAndDescribesItself) {
  moelora_artifact_file *file = nullptr;
  ASSERT_EQ(errorOf(moelora_artifact_load, LAYER_COPY, &file), "");
  EXPECT_EQ(moelora_artifact_count(file), 1);
  const moelora_artifact *artifact = moelora_artifact_of(file, 0);
  EXPECT_STREQ(artifact->name, "copy");
  EXPECT_EQ(artifact->layer->hidden, 8);
  EXPECT_EQ(moelora_artifact_of(file, 1), nullptr);
  EXPECT_EQ(moelora_artifact_of(file, -1), nullptr);
  EXPECT_EQ(errorOf(moelora_artifact_close, file), "");
}

TEST(Artifact, SeveralLayersInOneFile) {
  LoadedLayer both(LAYER_TWICE);
  EXPECT_EQ(moelora_artifact_count(both.file), 2);
  EXPECT_NE(moelora_artifact_of(both.file, 1), nullptr);
}

TEST(Artifact, RowsTellWhatALayerReads) {
  LoadedLayer copy(LAYER_COPY);
  const moelora_variant *variant =
      moelora_artifact_variant(&copy.artifact(), "cpu");
  ASSERT_NE(variant, nullptr);
  EXPECT_EQ(moelora_artifact_variant(&copy.artifact(), nullptr), variant);
  EXPECT_EQ(moelora_artifact_variant(&copy.artifact(), "sm_90"), nullptr);
  int32_t hidden = moelora_variant_operand(variant, MOELORA_HIDDEN, 0);
  EXPECT_EQ(moelora_variant_operand_bytes(variant, hidden, 3), 3u * 8 * 4);
  EXPECT_EQ(moelora_variant_operand_bytes(variant, hidden, 0), 0u);
  EXPECT_EQ(moelora_variant_operand(variant, MOELORA_DOWN_WEIGHT, 0), -1);
  EXPECT_EQ(moelora_variant_operand_bytes(variant, -1, 3), 0u);
}

TEST(Artifact, RefusesMissingFile) {
  EXPECT_EQ(loadError("/nonexistent/layer.so"),
            "cannot open /nonexistent/layer.so: No such file or directory");
}

TEST(Artifact, RefusesWhatIsNoSharedObject) {
  for (const char *content : {"", "\177EL", "{\"model\": 1}"}) {
    ScratchFile file(content);
    EXPECT_EQ(loadError(file.path), "expects a compiled layer, but " +
                                        file.path + " is no shared object");
  }
}

TEST(Artifact, RefusesFolder) {
  EXPECT_THAT(loadError(testing::TempDir()), HasSubstr("regular file"));
}

TEST(Artifact, RefusesSharedObjectWithoutTheSymbol) {
  EXPECT_EQ(loadError(LAYER_NO_SYMBOL),
            std::string("expects a compiled layer, but ") + LAYER_NO_SYMBOL +
                " does not export moelora_query");
}

TEST(Artifact, RefusesWhatCannotServeThisVersion) {
  EXPECT_THAT(loadError(LAYER_NO_ANSWER),
              EndsWith("cannot serve it; compile it again"));
}

TEST(Artifact, RefusesAnotherVersion) {
  EXPECT_EQ(loadError(LAYER_OLD_ABI),
            "expects a compiled layer for version 4.3 of the ABI, but it has "
            "version 0.3; compile it again");
}

TEST(Artifact, RefusesAnotherMagic) {
  EXPECT_EQ(loadError(LAYER_WRONG_MAGIC),
            "expects a compiled layer, but its first bytes are wrong");
}

TEST(Artifact, RefusesAnotherSize) {
  EXPECT_THAT(loadError(LAYER_WRONG_SIZE), EndsWith("but it has 8"));
}

TEST(Artifact, RefusesLayerBeyondItsServices) {
  EXPECT_EQ(loadError(LAYER_MANY_EXPERTS),
            "expects the number of experts of a compiled layer to be in "
            "[1, 2048], but it is 2049");
}

// Two files of one name, one after the other: the system's loader must not take
// the second one for the first.
TEST(Artifact, LoadsWhatIsThereNow) {
  ScratchFile file(contentOf(LAYER_COPY));
  for (int round = 0; round < 3; ++round)
    for (const char *layer : {LAYER_NAIVE, LAYER_COPY}) {
      file.replace(contentOf(layer));
      LoadedLayer loaded(file.path.c_str());
      EXPECT_STREQ(loaded.artifact().name,
                   layer == std::string(LAYER_NAIVE) ? "naive" : "copy");
    }
}

} // namespace
