// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the machine is and has.
#include "moelora/host/Machine.h"
#include "moelora/host/Handles.h"

#include <cstring>
#include <fstream>
#include <gmock/gmock.h>

using namespace moelora::host;

TEST(Machine, has_a_name_and_memory) {
  EXPECT_FALSE(cpuName().empty());
  EXPECT_GT(availableMemory(), uint64_t(1) << 20);
  Buffer buffer(64 << 20);
  std::memset(buffer.data(), 1, buffer.bytes());
  EXPECT_GE(peakMemory(), buffer.bytes());
}

TEST(Machine, a_folder_without_room_is_refused) {
  checkRoom(testing::TempDir(), 1);
  EXPECT_THROW(checkRoom(testing::TempDir(), 1e30), Error);
  EXPECT_THROW(checkRoom("/nowhere", 1), std::exception);
}

TEST(Machine, a_settled_file_stays_as_it_is) {
  TemporaryFolder folder(TemporaryFolder::prefixIn(testing::TempDir(), "host"));
  std::string path = folder.path() + "/file", read;
  std::ofstream(path) << "text";
  settleFile(path);
  std::ifstream(path) >> read;
  EXPECT_EQ(read, "text");
  EXPECT_THROW(settleFile(folder.path() + "/none"), Error);
}
