/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Temporary files of a process that was killed while it wrote, and that had the
 * number that this one has now.
 */
#include "Files.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace moelora::test;

namespace {

moelora_status write(const std::string &path) {
  const float data[] = {1, 2};
  moelora_tensor_data tensor = {"a", MOELORA_F32, 1, {2}, data};
  return moelora_safetensors_write(path.c_str(), &tensor, 1, nullptr);
}

} // namespace

TEST(Leftover, keeps_nobody_from_writing) {
  Folder folder;
  const std::string path = folder / "x.safetensors";
  const std::string mine = "x.safetensors." + std::to_string(::getpid()) + ".";
  std::vector<std::string> left;
  for (int counter = 0; counter < 10000; ++counter)
    left.push_back(mine + std::to_string(counter) + ".tmp");
  for (const std::string &name : left)
    folder.write(name, "left");
  EXPECT_EQ(write(path), MOELORA_OK);
  EXPECT_EQ(write(path), MOELORA_OK);
  for (const std::string &name : left)
    ASSERT_EQ(folder.read(name), "left");
  EXPECT_EQ(folder.list().size(), left.size() + 1);
}

TEST(Leftover, none_is_made) {
  Folder folder;
  EXPECT_EQ(write(folder / "x.safetensors"), MOELORA_OK);
  EXPECT_THAT(folder.list(), testing::ElementsAre("x.safetensors"));
}

TEST(Leftover, rights_are_those_of_any_new_file) {
  Folder folder;
  mode_t before = ::umask(0027);
  EXPECT_EQ(write(folder / "x.safetensors"), MOELORA_OK);
  ::umask(before);
  struct stat status;
  ASSERT_EQ(::stat((folder / "x.safetensors").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640u);
}
