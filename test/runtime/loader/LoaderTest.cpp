/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Loads and their results.
 */
#include "Loads.h"

#include <filesystem>
#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

/// The first value of the pair that writeSmall wrote.
float firstValue(const Table &table, int slot) {
  Image image = table.published(slot);
  return *static_cast<const float *>(image.at(image.pairs(0, MOELORA_UP)[1].a));
}

float valueOfSeed(unsigned seed) {
  return randomMatrix(2, hidden, 2 * seed).data[0];
}

} // namespace

TEST(Loader, loads) {
  Folder folder;
  writeSmall(folder, 3);
  Scene scene;
  Loading loading(scene.loader, scene.request("x", folder));
  ASSERT_EQ(loading.wait(), MOELORA_OK) << loading.text;
  EXPECT_EQ(loading.id, 0);
  EXPECT_EQ(loading.text, "");
  EXPECT_EQ(firstValue(scene.table, 0), valueOfSeed(3));
  loading.id = -7;
  EXPECT_EQ(loading.poll(), MOELORA_OK); // each time anew
  EXPECT_EQ(loading.id, 0);
  EXPECT_EQ(loading.progress.bytes, loading.progress.total_bytes);
  EXPECT_EQ(loading.progress.bytes, 4u * 2 * (hidden + intermediate));
  loading.close();
  EXPECT_EQ(scene.find("x"), MOELORA_OK); // what was loaded stays
}

TEST(Loader, is_busy_meanwhile) {
  Folder folder;
  writeSmall(folder);
  Scene scene;
  Gate gate;
  moelora_load_request request = scene.request("x", folder);
  gate.guard(request);
  Loading loading(scene.loader, request);
  moelora_staging_progress seen = gate.awaitLoad();
  EXPECT_EQ(loading.poll(), MOELORA_BUSY);
  EXPECT_EQ(loading.text, "the load is under way");
  EXPECT_EQ(loading.id, -7);
  EXPECT_GT(loading.progress.bytes, 0u);
  EXPECT_EQ(loading.progress.bytes, seen.bytes);
  EXPECT_EQ(loading.progress.total_bytes, seen.total_bytes);
  EXPECT_EQ(loading.wait(0), MOELORA_BUSY);
  EXPECT_EQ(loading.wait(1), MOELORA_BUSY);
  EXPECT_EQ(scene.find("x"), MOELORA_BUSY);
  gate.open();
  EXPECT_EQ(loading.wait(INT64_MAX), MOELORA_OK);
}

TEST(Loader, copies_the_strings) {
  Folder folder;
  writeSmall(folder);
  Scene scene;
  Gate gate; // so that the second one begins after its strings have gone
  moelora_load_request request = scene.request("first", folder);
  gate.guard(request);
  Loading first(scene.loader, request);
  std::string name = "second", path = folder.path;
  request = scene.request(name.c_str(), folder);
  request.folder = path.c_str();
  Loading second(scene.loader, request);
  name.assign(name.size(), '?');
  path.assign(path.size(), '?');
  gate.open();
  ASSERT_EQ(second.wait(), MOELORA_OK) << second.text;
  EXPECT_EQ(scene.find("second"), MOELORA_OK);
}

TEST(Loader, one_after_the_other) {
  Folder folder;
  writeSmall(folder);
  Scene scene(8, 3);
  Gate gate;
  moelora_load_request request = scene.request("0", folder);
  gate.guard(request);
  Loading first(scene.loader, request);
  std::vector<std::unique_ptr<Loading>> others;
  for (const char *name : {"1", "2", "3", "4", "5"})
    others.push_back(
        std::make_unique<Loading>(scene.loader, scene.request(name, folder)));
  gate.awaitLoad();
  EXPECT_EQ(others.back()->poll(), MOELORA_BUSY);
  gate.open();
  // The slots are given out in the order of the loads.
  for (size_t i = others.size(); i-- > 0;) {
    ASSERT_EQ(others[i]->wait(), MOELORA_OK) << others[i]->text;
    EXPECT_EQ(others[i]->id, static_cast<int32_t>(i) + 1);
  }
  EXPECT_EQ(first.wait(), MOELORA_OK);
}

TEST(Loader, replaces) {
  Folder one, other;
  writeSmall(one, 1);
  writeSmall(other, 2);
  Scene scene;
  Loading first(scene.loader, scene.request("x", one));
  ASSERT_EQ(first.wait(), MOELORA_OK) << first.text;
  moelora_load_request request = scene.request(nullptr, other);
  request.id = first.id;
  Loading second(scene.loader, request);
  ASSERT_EQ(second.wait(), MOELORA_OK) << second.text;
  EXPECT_EQ(second.id, first.id);
  EXPECT_EQ(firstValue(scene.table, 0), valueOfSeed(2));
  EXPECT_EQ(scene.table.info(0).version, 1);
  request.id = 3;
  Loading stale(scene.loader, request);
  EXPECT_EQ(stale.wait(), MOELORA_STALE);
  EXPECT_EQ(stale.id, -7);
}

TEST(Loader, takes_an_open_adapter) {
  Folder folder;
  writeSmall(folder, 4);
  Scene scene;
  Opened opened = open(folder, scene.model);
  std::filesystem::remove(folder / "adapter_config.json"); // it is not checked
  moelora_load_request request = scene.request("x", folder);
  request.folder = nullptr;
  request.target = nullptr;
  request.adapter = opened.get();
  Loading loading(scene.loader, request);
  ASSERT_EQ(loading.wait(), MOELORA_OK) << loading.text;
  EXPECT_EQ(firstValue(scene.table, 0), valueOfSeed(4));
}

TEST(Loader, answers_what_fails) {
  Folder good, wide, broken, absent;
  writeSmall(good);
  writeSmall(wide, 1, 65);
  writeSmall(broken);
  broken.write("adapter_config.json", "{");
  Scene scene;
  Loading first(scene.loader, scene.request("x", good));
  ASSERT_EQ(first.wait(), MOELORA_OK) << first.text;
  struct {
    const char *name;
    const Folder &folder;
    moelora_status status;
    const char *text;
  } const cases[] = {{"x", good, MOELORA_INVALID, "expects names to differ"},
                     {"", good, MOELORA_INVALID, "expects a name"},
                     {"y", absent, MOELORA_IO, "cannot open"},
                     {"y", broken, MOELORA_INVALID, "adapter_config.json"},
                     {"y", wide, MOELORA_INVALID, "max_rank"}};
  for (const auto &c : cases) {
    Loading loading(scene.loader, scene.request(c.name, c.folder));
    EXPECT_EQ(loading.wait(), c.status) << c.text;
    EXPECT_THAT(loading.text, HasSubstr(c.text));
    EXPECT_EQ(loading.poll(), c.status); // each time anew
    EXPECT_THAT(loading.text, HasSubstr(c.text));
    EXPECT_EQ(loading.id, -7);
  }
  EXPECT_EQ(scene.table.stats().used_slots, 1);
}
