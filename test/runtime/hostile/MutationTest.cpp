/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A small campaign of mutations, and that the campaign sees what it looks for.
 */
#include "Interposed.h"
#include "Judgement.h"
#include "Mutations.h"

#include <gmock/gmock.h>

using namespace moelora::test;

TEST(Mutations, every_kind_is_answered_as_documented) {
  Mutations campaign(1);
  size_t kinds = allKinds().size();
  campaign.run(6 * kinds);
  EXPECT_THAT(campaign.failures, testing::IsEmpty());
  EXPECT_EQ(campaign.tallies.size(), kinds); // no two have one name
  EXPECT_GE(kinds, 30u);
}

TEST(Mutations, good_drafts_are_good) {
  for (int form = 0; form < forms; ++form)
    for (int32_t dtype : {MOELORA_F32, MOELORA_F16, MOELORA_BF16}) {
      Folder folder;
      Draft draft({static_cast<Form>(form), dtype, 3, {}, 7});
      draft.write(folder);
      Opened opened = open(folder, SizedModel({}));
      ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
      Pair pair = readPair(opened.get(), 2, MOELORA_DOWN, 1);
      EXPECT_EQ(pair.info.rank, 3);
      EXPECT_NE(pair.a(2, 4), 0);
      EXPECT_EQ(pair.info.scale, 1);
    }
}

TEST(Mutations, reads_of_the_library_are_seen) {
  Folder folder;
  Draft draft({});
  draft.write(folder);
  uint64_t before = readCalls();
  Opened opened = open(folder, SizedModel({}));
  ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
  EXPECT_GE(readCalls(), before + 3); // the configuration, a length, a header
  int hooked = 0;
  hookRead(2, [&] { ++hooked; });
  readPair(opened.get(), 0, MOELORA_UP, 1);
  readPair(opened.get(), 0, MOELORA_UP, 2);
  EXPECT_EQ(hooked, 1);
}

TEST(Mutations, changed_pages_are_seen) {
  auto bytesOf = [](std::initializer_list<float> values) {
    return std::string(reinterpret_cast<const char *>(values.begin()),
                       values.size() * sizeof(float));
  };
  Pages good = {"1", bytesOf({1, -2})};
  EXPECT_FALSE(sameButNotFinite(good, good));
  EXPECT_TRUE(sameButNotFinite(good, {"1", bytesOf({1, NAN})}));
  EXPECT_FALSE(sameButNotFinite(good, {"1", bytesOf({2, NAN})}));
  EXPECT_FALSE(sameButNotFinite(good, {"2", bytesOf({1, NAN})}));
}
