/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A share of the canary, and that it sees what it looks for.
 */
#include "Canary.h"
#include "CanaryCode.h"

#include <gmock/gmock.h>

using namespace moelora::test;
using testing::IsEmpty;
using testing::Not;

namespace {

/// The errors that these canaries detect are data races.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RACES_ARE_FATAL 1
#endif
#endif
#ifndef RACES_ARE_FATAL
#define RACES_ARE_FATAL 0
#endif

constexpr int64_t share = 50000;

TEST(Canary, every_token_gets_its_own_adapter) {
  CanaryOptions options;
  options.tokens = share;
  CanaryResult result;
  runCanary(options, result);
  EXPECT_THAT(result.faults(), IsEmpty());
  EXPECT_GE(result.counts.tokens(), uint64_t(share));
}

TEST(Canary, every_token_gets_its_own_adapter_in_hidden_memory) {
  CanaryOptions options;
  options.tokens = share;
  options.hidden = true;
  CanaryResult result;
  runCanary(options, result);
  EXPECT_THAT(result.faults(), IsEmpty());
  EXPECT_THAT(result.complaints, IsEmpty());
  EXPECT_GE(result.counts.tokens(), uint64_t(share));
}

TEST(Canary, misses_generations) {
  if (RACES_ARE_FATAL)
    GTEST_SKIP() << "the thread sanitizer would see it first";
  CanaryOptions options;
  options.generations = false;
  CanaryResult result;
  runCanary(options, result);
  EXPECT_GT(result.counts.crossed, 0u);
}

TEST(Canary, misses_events) {
  if (RACES_ARE_FATAL)
    GTEST_SKIP() << "the thread sanitizer would see it first";
  CanaryOptions options;
  options.events = false;
  CanaryResult result;
  runCanary(options, result);
  EXPECT_GT(result.counts.wrong(), 0u);
}

TEST(CanaryCode, rows_are_read_as_they_were_signed) {
  for (int32_t tenant : {-1, 0, 11})
    for (int32_t version : {0, 1, 63, 64, canaryVersions - 1})
      for (int32_t expert = 0; expert < canaryExperts; ++expert) {
        CanaryRow row = signedRow({tenant, version}, 1, expert);
        Reading reading = readRow(row, 1, expert);
        ASSERT_EQ(reading.kind, tenant < 0 ? Reading::Base : Reading::Signed);
        ASSERT_EQ(reading.by.tenant, tenant);
        ASSERT_EQ(reading.by.version, tenant < 0 ? 0 : version);
        bool elsewhere = tenant >= 0;
        ASSERT_EQ(readRow(row, 0, expert).kind == Reading::Garbled, elsewhere);
      }
}

TEST(CanaryCode, no_place_of_a_row_may_differ) {
  CanaryRow row = signedRow({3, 5}, 0, 2);
  for (size_t i = 0; i < row.size(); ++i) {
    CanaryRow other = row;
    other[i] ^= 1;
    EXPECT_NE(readRow(other, 0, 2).kind, Reading::Signed) << i;
    other[i] = 0xffff;
    EXPECT_EQ(readRow(other, 0, 2).kind, Reading::NotANumber) << i;
  }
}

} // namespace
