// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The output of programs, and statistics of times.
#include "moelora/host/Report.h"
#include "moelora/host/Handles.h"
#include "moelora/host/Times.h"

#include <cmath>
#include <gmock/gmock.h>

using namespace moelora::host;
using testing::HasSubstr;

namespace {

Report example() {
  Report report;
  report.add(Report::Always, "name", "a \"b\"\n");
  report.add(Report::Statistics, "bytes", uint64_t(1) << 60);
  report.add(Report::Always, "right", true);
  report.add(Report::Always, "ms", 1.0 / 3);
  report.add(Report::Statistics, "ratio", INFINITY);
  return report;
}

} // namespace

TEST(Report, lines_have_statistics_only_when_asked_for) {
  EXPECT_EQ(example().lines(false),
            "name: a \"b\"\n\nright: yes\nms: 0.3333\n");
  EXPECT_THAT(example().lines(true), HasSubstr("\nbytes: 1152921504606846976"
                                               "\nright"));
}

TEST(Report, json_has_everything_exactly) {
  Json parsed = Json::parse(example().json());
  EXPECT_EQ(parsed["name"], "a \"b\"\n");
  EXPECT_EQ(parsed["bytes"], uint64_t(1) << 60);
  EXPECT_EQ(parsed["right"], true);
  EXPECT_EQ(parsed["ms"], 1.0 / 3);
  EXPECT_TRUE(parsed["ratio"].is_null());
  EXPECT_THAT(textOf({{"name", "\xff"}}), HasSubstr("\ufffd"));
}

TEST(Report, texts_are_as_long_as_they_must_be) {
  std::string name(1000, 'a');
  EXPECT_EQ(formatted("%s is %d", name.c_str(), 3), name + " is 3");
  EXPECT_EQ(sizeText(12.5 * (1 << 20)), "12.5 MiB");
}

TEST(Report, a_full_device_is_an_error) {
  EXPECT_THROW(writeJson("/dev/full", {{"a", 1}}), Error);
  EXPECT_THROW(writeJson("/nowhere/file", {{"a", 1}}), Error);
}

TEST(Times, quantiles) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 2, 3}), 2.5);
  EXPECT_EQ(quantile({4, 1, 2, 3}, 0), 1);
  EXPECT_EQ(quantile({4, 1, 2, 3}, 1), 4);
  EXPECT_EQ(median({5}), 5);
}

TEST(Times, progress_counts_units) {
  std::vector<size_t> seen;
  Progress progress = [&](size_t done, size_t all, const char *units) {
    EXPECT_EQ(all, 2u);
    EXPECT_STREQ(units, "layers");
    seen.push_back(done);
  };
  ProgressCount count(progress, 2, "layers");
  count.advance();
  count.advance();
  EXPECT_THAT(seen, testing::ElementsAre(1, 2));
  ProgressCount({}, 1, "layers").advance(); // not used
}
