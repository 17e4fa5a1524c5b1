/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Staging on several threads, with progress, cancellation and failures.
 */
#include "Large.h"
#include "Reads.h"
#include "Threads.h"

#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

const moelora_slot_table_options options = tableOptions(1, MOELORA_BF16);

} // namespace

TEST(StagingRun, threads_and_orders_agree) {
  Large large;
  std::string serial = Staged(large.opened, options).bytes();
  Threads threads;
  for (int32_t order :
       {MOELORA_STAGING_FILE_ORDER, MOELORA_STAGING_LAYER_ORDER})
    for (const moelora_services *services :
         {static_cast<const moelora_services *>(nullptr),
          static_cast<const moelora_services *>(&threads.services)}) {
      moelora_staging staging = {sizeof staging, order, services, nullptr,
                                 nullptr};
      Staged staged(large.opened, options, &staging);
      EXPECT_TRUE(staged.bytes() == serial);
    }
}

TEST(StagingRun, progress_sums_up) {
  Large large;
  for (int32_t order :
       {MOELORA_STAGING_FILE_ORDER, MOELORA_STAGING_LAYER_ORDER}) {
    Told told;
    moelora_staging staging = stagingOf(told, nullptr, order);
    Staged staged(large.opened, options, &staging);
    uint64_t total = staged.cost().read_bytes, last = 0;
    ASSERT_GE(told.all.size(), 3u);
    for (const moelora_staging_progress &progress : told.all) {
      EXPECT_EQ(progress.total_bytes, total);
      EXPECT_TRUE(progress.bytes >= last + (8 << 20) ||
                  progress.bytes == total);
      last = progress.bytes;
      if (order == MOELORA_STAGING_FILE_ORDER)
        EXPECT_EQ(progress.layers, 0);
      else // the layers are equally large
        EXPECT_EQ(progress.layers, int32_t(2 * progress.bytes / total));
    }
    EXPECT_EQ(last, total);
  }
}

TEST(StagingRun, cancelled) {
  Large large;
  Threads threads;
  for (const Threads *some : {static_cast<const Threads *>(nullptr),
                              static_cast<const Threads *>(&threads)}) {
    Told told;
    told.cancelAt = 0;
    moelora_staging staging = stagingOf(told, some);
    EXPECT_THAT(failureOf([&] { Staged(large.opened, options, &staging); },
                          MOELORA_CANCELLED),
                HasSubstr("cancelled"));
    EXPECT_EQ(told.all.size(), 1u);
    EXPECT_LT(told.all[0].bytes, told.all[0].total_bytes);
  }
}

TEST(StagingRun, a_read_fails) {
  Large large;
  Threads threads;
  for (int64_t read : {0, 1, 7, 40}) {
    Told told;
    moelora_staging staging = stagingOf(told, &threads);
    Reads reads(read);
    EXPECT_THAT(
        failureOf([&] { Staged(large.opened, options, &staging); }, MOELORA_IO),
        HasSubstr("cannot read"));
    // Every thread ends at its next task.
    EXPECT_LE(reads.all().size(), static_cast<size_t>(read) + 4);
  }
}
