/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Files that are written, replaced or cut short while an adapter is open.
 */
#include "Large.h"
#include "Threads.h"

#include <fstream>
#include <gmock/gmock.h>
#include <unistd.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

const moelora_slot_table_options options = tableOptions(1, MOELORA_BF16);

void overwriteEnd(const std::string &path) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-4, std::ios::end);
  file.write("abcd", 4);
}

} // namespace

TEST(StagingChange, file_written_since_it_was_opened) {
  Large large;
  std::string path = large.folder / "adapter_model.safetensors";
  overwriteEnd(path);
  EXPECT_THAT(failureOf([&] { Staged(large.opened, options); }, MOELORA_IO),
              HasSubstr("adapter_model.safetensors changed while it was read"));
}

TEST(StagingChange, file_written_meanwhile) {
  Large large;
  std::string path = large.folder / "adapter_model.safetensors";
  Told told;
  told.during = [&] { overwriteEnd(path); };
  moelora_staging staging = stagingOf(told);
  EXPECT_THAT(
      failureOf([&] { Staged(large.opened, options, &staging); }, MOELORA_IO),
      HasSubstr("changed while it was read"));
}

TEST(StagingChange, file_replaced_by_another) {
  Large large;
  std::string before = Staged(large.opened, options).bytes();
  Folder other;
  Tensors tensors;
  addPair(tensors, inLayer(0, "mlp.gate"), 1, 2, 3);
  writeAdapter(other, config(1, 1), tensors);
  ASSERT_EQ(std::rename((other / "adapter_model.safetensors").c_str(),
                        (large.folder / "adapter_model.safetensors").c_str()),
            0);
  Staged staged(large.opened, options); // from the file that was opened
  EXPECT_TRUE(staged.bytes() == before);
}

TEST(StagingChange, file_cut_short) {
  Large large;
  std::string path = large.folder / "adapter_model.safetensors";
  ASSERT_EQ(::truncate(path.c_str(), 5000), 0);
  EXPECT_THAT(failureOf([&] { Staged(large.opened, options); }, MOELORA_IO),
              HasSubstr("is truncated"));
}
