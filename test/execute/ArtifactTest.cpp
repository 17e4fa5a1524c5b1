// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loading: one compiled layer made by hand, and files that are none.

#include "CheckedArtifact.h"

#include "moelora/runtime/Artifact.h"

#include <gmock/gmock.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

using namespace moelora::test;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

std::string loadError(const std::string &path) {
  moelora_artifact_file *file = nullptr;
  std::string text = errorOf(moelora_artifact_load, path.c_str(), &file);
  EXPECT_EQ(file != nullptr, text.empty());
  moelora_artifact_close(file);
  return text;
}

/// A file of the test's own, gone when this goes.
struct ScratchFile {
  explicit ScratchFile(const std::string &content)
      : path(testing::TempDir() + "moelora-artifact-" +
             std::to_string(getpid())) {
    std::ofstream(path, std::ios::binary) << content;
  }
  ~ScratchFile() { std::filesystem::remove(path); }
  std::string path;
};

TEST(Artifact, LoadsAndDescribesItself) {
  moelora_artifact_file *file = nullptr;
  ASSERT_EQ(errorOf(moelora_artifact_load, LAYER_COPY, &file), "");
  const moelora_artifact *artifact = moelora_artifact_of(file);
  EXPECT_STREQ(artifact->name, "copy");
  EXPECT_EQ(artifact->layer.hidden, 8);
  moelora_artifact_close(file);
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
  EXPECT_THAT(loadError(testing::TempDir()), HasSubstr("no shared object"));
}

TEST(Artifact, RefusesTruncatedSharedObject) {
  std::ifstream whole(LAYER_COPY, std::ios::binary);
  std::string start(100, '\0');
  whole.read(start.data(), std::streamsize(start.size()));
  ScratchFile file(start);
  EXPECT_THAT(loadError(file.path), StartsWith("cannot load " + file.path));
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
            "expects a compiled layer for version 3 of the ABI, but it has "
            "version 0; compile it again");
}

TEST(Artifact, RefusesAnotherMagic) {
  EXPECT_EQ(loadError(LAYER_WRONG_MAGIC),
            "expects a compiled layer, but its first bytes are wrong");
}

TEST(Artifact, RefusesAnotherSize) {
  EXPECT_THAT(loadError(LAYER_WRONG_SIZE), EndsWith("but it has 8"));
}

TEST(Artifact, RefusesCpuFeatureThatIsNotThere) {
  EXPECT_EQ(loadError(LAYER_ALIEN_CPU),
            "the compiled layer copy needs quantum64, which this CPU does not "
            "have; compile with --cpu=...");
}

TEST(Artifact, RefusesLayerBeyondItsServices) {
  EXPECT_EQ(loadError(LAYER_MANY_EXPERTS),
            "expects the number of experts of a compiled layer to be in "
            "[1, 2048], but it is 2049");
}

TEST_F(CheckedArtifact, HugeDimension) {
  artifact.layer.hidden = int64_t(1) << 40;
  EXPECT_THAT(error(), StartsWith("expects the hidden size"));
}

TEST_F(CheckedArtifact, ElementType) {
  artifact.layer.dtype = MOELORA_F64;
  EXPECT_THAT(error(), StartsWith("expects the element type"));
}

TEST_F(CheckedArtifact, EntryPoints) {
  artifact.run_from_ids = nullptr;
  EXPECT_THAT(error(), EndsWith("but a function is missing"));
}

/// A layer that is given ids has no router to check.
TEST_F(CheckedArtifact, LayerWithoutRouter) {
  artifact.layer.router.groups = artifact.layer.router.top_groups = 0;
  EXPECT_THAT(error(), HasSubstr("the number of groups"));
  artifact.run = artifact.run_from_logits = nullptr;
  EXPECT_EQ(error(), "");
}

TEST_F(CheckedArtifact, LayerWithoutAdapters) {
  artifact.adapter_dtype = artifact.page_order = 0;
  EXPECT_THAT(error(), HasSubstr("the adapters' element type"));
  artifact.slots = 0;
  EXPECT_EQ(error(), "");
}

TEST_F(CheckedArtifact, Target) {
  artifact.target = "sm_90a";
  EXPECT_EQ(error(), "expects a layer compiled for cpu, but it is compiled for "
                     "sm_90a");
}

TEST_F(CheckedArtifact, CommonFeaturesAreKnown) {
  artifact.cpu_features = "sse2,,sse";
  EXPECT_EQ(error(), "");
}

} // namespace
