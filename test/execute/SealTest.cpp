// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files of compiled layers that are cut, changed or swapped: refused in words,
// and never a fault of the program that loads them.

#include "ScratchFile.h"

#include <sys/stat.h>

using namespace moelora::test;
using testing::AnyOf;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

constexpr size_t SealBytes = 32;

struct Sealed : testing::Test {
  const std::string whole = contentOf(LAYER_COPY);
  ScratchFile file{whole};
  /// The output of the linker.
  std::string unsealed() const {
    return whole.substr(0, whole.size() - SealBytes);
  }
  std::string seal() {
    return errorOf(moelora_artifact_seal, file.path.c_str());
  }
};

TEST_F(Sealed, IsLoaded) { EXPECT_EQ(loadError(file.path), ""); }

TEST_F(Sealed, CutAnywhere) {
  for (size_t size = 0;
       size<whole.size(); size += size + 200> whole.size() ? 1 : 97) {
    file.write(whole.substr(0, size));
    EXPECT_THAT(loadError(file.path), StartsWith("expects ")) << size;
  }
}

TEST_F(Sealed, CutAndWithTheOldSealAtItsEnd) {
  std::string last = whole.substr(unsealed().size());
  for (size_t size = 64; size < unsealed().size(); size += 499) {
    file.write(whole.substr(0, size) + last);
    EXPECT_THAT(loadError(file.path), StartsWith("expects ")) << size;
  }
}

TEST_F(Sealed, OneByteOverwrittenAnywhere) {
  for (size_t at = 0;
       at<whole.size(); at += at + 40> whole.size() || at < 64 ? 1 : 61) {
    std::string changed = whole;
    changed[at] ^= 0x10;
    file.write(changed);
    EXPECT_THAT(loadError(file.path), StartsWith("expects ")) << at;
  }
}

TEST_F(Sealed, WithoutASeal) {
  file.write(unsealed());
  EXPECT_EQ(loadError(file.path),
            "expects a compiled layer to end with its digest, but " +
                file.path +
                " does not: it is cut, not finished, or has "
                "something behind it");
}

TEST_F(Sealed, SomethingBehindTheSeal) {
  file.write(whole + "x");
  EXPECT_THAT(loadError(file.path), HasSubstr("has something behind it"));
}

TEST_F(Sealed, NamesBothDigests) {
  std::string changed = whole;
  changed[unsealed().size() - 1] ^= 1;
  file.write(changed);
  EXPECT_THAT(loadError(file.path), HasSubstr("expects the digest "));
  EXPECT_THAT(loadError(file.path), HasSubstr("the file was changed"));
}

// A program that runs a layer survives what becomes of its file.
TEST_F(Sealed, TheFileMayGoWhileItIsLoaded) {
  LoadedLayer loaded(file.path.c_str());
  ASSERT_EQ(truncate(file.path.c_str(), 0), 0);
  EXPECT_STREQ(loaded.artifact().name, "copy");
  EXPECT_EQ(loaded.variant().workspace(MOELORA_ENTRY_ALL, 3, 1), 12u);
}

TEST_F(Sealed, SealingIsDoneOnce) {
  file.write(unsealed());
  chmod(file.path.c_str(), 0751);
  EXPECT_EQ(seal(), "");
  EXPECT_EQ(contentOf(file.path), whole);
  struct stat status = {};
  stat(file.path.c_str(), &status);
  EXPECT_EQ(status.st_mode & 07777, 0751u);
  EXPECT_EQ(seal(), "");
  EXPECT_EQ(contentOf(file.path), whole);
}

TEST_F(Sealed, TellsItsDigest) {
  LoadedLayer loaded(file.path.c_str());
  uint8_t digest[MOELORA_DIGEST_BYTES] = {};
  EXPECT_EQ(moelora_artifact_digest(loaded.file, digest), MOELORA_OK);
  EXPECT_EQ(std::string(reinterpret_cast<char *>(digest), sizeof digest),
            whole.substr(whole.size() - sizeof digest));
}

TEST_F(Sealed, NothingElseIsSealed) {
  for (const std::string &content :
       {std::string("text"), unsealed().substr(0, 5000)}) {
    file.write(content);
    EXPECT_THAT(seal(), AnyOf(HasSubstr("no shared object"),
                              HasSubstr("the file is cut")));
    EXPECT_EQ(contentOf(file.path), content);
  }
  std::string changed = whole;
  changed[100] ^= 1;
  file.write(changed);
  EXPECT_THAT(seal(), HasSubstr("the file was changed"));
  EXPECT_EQ(errorOf(moelora_artifact_seal, "/nonexistent/x.so"),
            "cannot open /nonexistent/x.so: No such file or directory");
}

} // namespace
