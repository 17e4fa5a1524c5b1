/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Loads that end with BUSY, which is also what is answered while they are under
 * way: they end all the same.
 */
#include "../Streams.h"
#include "Loads.h"

#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

/// Longer than any of these loads takes; a load that never ends is then told
/// from one that does.
constexpr int64_t longTime = 20000;

/// An adapter whose change is under way on one stream, and a load that replaces
/// it on another.
struct LoaderBusy : testing::Test {
  void SetUp() override {
    writeSmall(folder);
    Loading first(scene.loader, scene.request("x", folder));
    ASSERT_EQ(first.wait(), MOELORA_OK) << first.text;
    id = first.id;
    ASSERT_EQ(scene.table.enable(id, false, held.get()), MOELORA_OK);
  }
  moelora_load_request replacing() {
    moelora_load_request request = scene.request(nullptr, folder);
    request.id = id;
    request.stream = other.get();
    return request;
  }

  Folder folder;
  Scene scene;
  HeldStream held, other;
  int32_t id = -1;
};

} // namespace

TEST_F(LoaderBusy, is_an_answer_like_any_other) {
  Loading loading(scene.loader, replacing());
  ASSERT_EQ(loading.wait(longTime), MOELORA_BUSY);
  EXPECT_THAT(loading.text, HasSubstr("on its way on another"));
  EXPECT_EQ(loading.poll(), MOELORA_BUSY);
  EXPECT_THAT(loading.text,
              HasSubstr("on its way on another")); // each time anew
  EXPECT_EQ(loading.wait(-1), MOELORA_BUSY);       // does not wait
  held.letGo();
  EXPECT_EQ(loading.poll(), MOELORA_BUSY); // what was answered stays
  loading.close();
  Loading again(scene.loader, replacing());
  EXPECT_EQ(again.wait(), MOELORA_OK) << again.text;
}

TEST_F(LoaderBusy, is_not_cancelled_any_more) {
  Loading loading(scene.loader, replacing());
  ASSERT_EQ(loading.wait(longTime), MOELORA_BUSY);
  ASSERT_THAT(loading.text, HasSubstr("on its way on another"));
  loading.cancel();
  loading.cancel();
  EXPECT_EQ(loading.poll(), MOELORA_BUSY);
  EXPECT_THAT(loading.text, HasSubstr("on its way on another"));
}

TEST_F(LoaderBusy, does_not_hold_up_what_comes_after) {
  Loading busy(scene.loader, replacing());
  Loading next(scene.loader, scene.request("y", folder));
  EXPECT_EQ(next.wait(longTime), MOELORA_OK) << next.text;
  ASSERT_EQ(busy.wait(longTime), MOELORA_BUSY);
  ASSERT_THAT(busy.text, HasSubstr("on its way on another"));
}
