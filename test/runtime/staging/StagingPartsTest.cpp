/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Parts of an image that are reported while the rest is being read: each once,
 * with its final content.
 */
#include "Large.h"
#include "Reads.h"
#include "Threads.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <mutex>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

/// Copies every part when it hears of it.
struct Copies {
  explicit Copies(uint64_t partBytes)
      : listener{partBytes,
                 [this](const char *image, uint64_t offset, uint64_t bytes) {
                   std::lock_guard<std::mutex> lock(mutex);
                   whole.resize(std::max(whole.size(), offset + bytes));
                   std::memcpy(whole.data() + offset, image + offset, bytes);
                   told.push_back(offset);
                 }} {}

  /// Every part was reported once, with its final content.
  void expectAll(const Staged &staged) {
    uint64_t step = listener.partBytes, bytes = staged.cost().bytes;
    std::sort(told.begin(), told.end());
    ASSERT_EQ(told.size(), (bytes + step - 1) / step);
    for (size_t i = 0; i < told.size(); ++i)
      EXPECT_EQ(told[i], i * step);
    EXPECT_TRUE(whole == staged.bytes());
  }

  std::mutex mutex;
  std::string whole;
  std::vector<uint64_t> told;
  Listener listener;
};

} // namespace

TEST(StagingParts, of_every_form_are_told_once_and_finished) {
  for (const Form &form : forms)
    for (int32_t order :
         {MOELORA_PAGE_ROW_MAJOR, MOELORA_PAGE_FRAGMENT_MAJOR}) {
      Folder folder;
      Opened opened = form.open(folder, 17, MOELORA_F32);
      moelora_slot_table_options options = tableOptions(1, MOELORA_BF16);
      options.page_order = order;
      for (uint64_t partBytes : {64, 1000, 1 << 22}) {
        SCOPED_TRACE(form.name);
        Copies copies(partBytes);
        Staged staged(opened, options, nullptr, &copies.listener);
        copies.expectAll(staged);
      }
    }
}

TEST(StagingParts, of_several_threads) {
  Large large;
  Threads threads;
  moelora_staging staging = {sizeof staging, MOELORA_STAGING_FILE_ORDER,
                             &threads.services, nullptr, nullptr};
  Copies copies(100000);
  Staged staged(large.opened, tableOptions(1, MOELORA_BF16), &staging,
                &copies.listener);
  copies.expectAll(staged);
}

TEST(StagingParts, are_done_before_everything_is_read) {
  Large large;
  size_t atFirst = 0;
  Reads reads;
  Listener listener = {1 << 20, [&](const char *, uint64_t, uint64_t) {
                         if (atFirst == 0)
                           atFirst = reads.all().size();
                       }};
  Staged staged(large.opened, tableOptions(1, MOELORA_BF16), nullptr,
                &listener);
  EXPECT_GT(atFirst, 0u);
  EXPECT_LT(2 * atFirst, reads.all().size());
}

TEST(StagingParts, whose_reader_fails_end_the_staging) {
  Large large;
  Threads threads;
  moelora_staging staging = {sizeof staging, MOELORA_STAGING_FILE_ORDER,
                             &threads.services, nullptr, nullptr};
  Listener listener = {1 << 20, [&](const char *, uint64_t, uint64_t) {
                         moelora::fail("the device is lost",
                                       MOELORA_DEVICE_LOST);
                       }};
  EXPECT_THAT(
      failureOf(
          [&] { Staged(large.opened, tableOptions(1), &staging, &listener); },
          MOELORA_DEVICE_LOST),
      HasSubstr("lost"));
}
