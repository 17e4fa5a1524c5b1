// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Owners: of memory, of folders, of handles and their errors.
#include "moelora/host/Buffer.h"
#include "moelora/host/Handles.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>

using namespace moelora::host;
using testing::HasSubstr;

namespace {

std::string messageOf(const std::function<void()> &body) {
  try {
    body();
  } catch (const Error &error) {
    return error.what();
  }
  return "";
}

} // namespace

TEST(Buffer, is_zero_and_has_an_address) {
  Buffer buffer(100000);
  for (uint64_t i = 0; i < buffer.bytes(); ++i)
    ASSERT_EQ(buffer.data()[i], 0);
  EXPECT_NE(Buffer(0).data(), nullptr);
  EXPECT_THAT(messageOf([] { Buffer(UINT64_MAX / 2); }),
              HasSubstr("bytes of memory"));
}

TEST(TemporaryFolder, goes_with_its_contents) {
  std::string path;
  {
    TemporaryFolder folder(
        TemporaryFolder::prefixIn(testing::TempDir(), "moelora-host"));
    path = folder.path();
    std::ofstream(path + "/file") << "text";
    EXPECT_TRUE(std::filesystem::exists(path + "/file"));
    EXPECT_THAT(path, HasSubstr("/moelora-host-"));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_THAT(messageOf([] { TemporaryFolder("/nowhere/at-all-"); }),
              HasSubstr("cannot make a folder /nowhere/at-all-"));
}

TEST(Handles, throw_what_the_runtime_says) {
  std::string plain =
      messageOf([] { openCheckpoint("/nowhere/a.safetensors"); });
  EXPECT_THAT(plain, HasSubstr("/nowhere/a.safetensors"));
  EXPECT_EQ(messageOf([] {
              moelora_checkpoint *opened = nullptr;
              callFor("first: ", moelora_checkpoint_open,
                      "/nowhere/a.safetensors", &opened);
            }),
            "first: " + plain);
}
