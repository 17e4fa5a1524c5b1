/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The cache of a loader: the same folder is opened once for the same model, and
 * opened again if it has changed.
 */
#include "Calls.h"
#include "Loaders.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <thread>

using namespace moelora::test;
using testing::HasSubstr;
namespace fs = std::filesystem;

namespace {

double scaleOf(const Opened &opened) {
  return readPair(opened.get(), 0, MOELORA_UP, 1).info.scale;
}

} // namespace

TEST(Cache, opens_once) {
  Folder folder;
  writeSmall(folder);
  Watch tensors(folder / "adapter_model.safetensors");
  Watch linked(folder / "link/adapter_model.safetensors");
  Loader loader;
  Opened first = loader.open(folder.path);
  ASSERT_EQ(first.status, MOELORA_OK) << first.text;
  EXPECT_EQ(tensors.opens(), 1);
  // Another target of the same content, by another way to the same folder.
  fs::create_directory_symlink(folder.path, folder / "link");
  Opened second = loader.open(folder / "link");
  ASSERT_EQ(second.status, MOELORA_OK) << second.text;
  EXPECT_TRUE(areSame(first, second));
  EXPECT_EQ(tensors.opens(), 1);
  EXPECT_EQ(linked.opens(), 0);
}

TEST(Cache, targets_count_by_their_content) {
  Folder folder;
  writeSmall(folder);
  Loader loader(16);
  Opened first = loader.open(folder.path);
  static const char *const otherNames[] = {"other", nullptr};
  static const char *const none[] = {nullptr};
  Model larger, renamed, listed, shared, blind;
  larger.sites[1].hidden = hidden + 1;
  renamed.names.latent_in = otherNames;
  listed.names.latent_in = none; // not the same as no list
  shared.sites[0].shared = 7;
  blind.names.blind_rule = MOELORA_BLIND_REFUSE;
  std::vector<Opened> all;
  for (const Model *model : {&larger, &renamed, &listed, &shared, &blind}) {
    all.push_back(loader.open(folder.path, *model));
    ASSERT_EQ(all.back().status, MOELORA_OK) << all.back().text;
    for (size_t i = 0; i + 1 < all.size(); ++i)
      EXPECT_FALSE(areSame(all.back(), all[i])) << i;
    EXPECT_FALSE(areSame(all.back(), first));
    EXPECT_TRUE(areSame(all.back(), loader.open(folder.path, *model)));
  }
  EXPECT_FALSE(areSame(
      first, loader.open(folder.path, Model(), MOELORA_LAYOUT_NATURAL)));
  EXPECT_TRUE(areSame(first, loader.open(folder.path)));
}

TEST(Cache, sees_changes) {
  Folder folder, other;
  writeSmall(folder, 1);
  Loader loader;
  Opened last = loader.open(folder.path);
  auto expectAnew = [&](const char *what) {
    settle(folder);
    Opened next = loader.open(folder.path);
    ASSERT_EQ(next.status, MOELORA_OK) << what << next.text;
    EXPECT_FALSE(areSame(last, next)) << what;
    EXPECT_TRUE(areSame(next, loader.open(folder.path))) << what;
    last = std::move(next);
  };
  folder.write("adapter_config.json", config(2, 8)); // of the same size
  expectAnew("configuration in place");
  EXPECT_EQ(scaleOf(last), 4);
  writeSmall(folder, 2); // renamed over the old one
  expectAnew("tensors under the same name");
  std::string tensors = folder / "adapter_model.safetensors";
  std::string content = folder.read("adapter_model.safetensors");
  std::ofstream(tensors, std::ios::binary) << content;
  expectAnew("tensors in place");
  auto time = fs::last_write_time(tensors);
  std::ofstream(tensors, std::ios::binary) << content;
  fs::last_write_time(tensors, time); // hides it from who looks at that alone
  expectAnew("tensors in place, with their old time");
}

TEST(Cache, changes_in_one_tick_of_the_clock) {
  Folder folder;
  writeSmall(folder);
  Loader loader;
  for (int i = 0; i < 50; ++i)
    for (int alpha : {2, 8}) {
      folder.write("adapter_config.json", config(2, alpha));
      Opened opened = loader.open(folder.path);
      ASSERT_EQ(scaleOf(opened), alpha / 2) << i;
    }
}

TEST(Cache, forgets_the_least_recently_used) {
  Folder folders[3];
  for (Folder &folder : folders)
    writeSmall(folder);
  Loader loader(2);
  Opened a = loader.open(folders[0].path), b = loader.open(folders[1].path);
  EXPECT_TRUE(areSame(a, loader.open(folders[0].path))); // a after b
  Opened c = loader.open(folders[2].path);
  EXPECT_TRUE(areSame(a, loader.open(folders[0].path)));
  EXPECT_TRUE(areSame(c, loader.open(folders[2].path)));
  EXPECT_FALSE(areSame(b, loader.open(folders[1].path)));
  EXPECT_EQ(scaleOf(b), 2); // still its caller's
}

TEST(Cache, remembers_none) {
  Folder folder;
  writeSmall(folder);
  Loader loader(0);
  EXPECT_FALSE(areSame(loader.open(folder.path), loader.open(folder.path)));
}

TEST(Cache, adapters_outlive_their_loader) {
  Folder folder;
  writeSmall(folder);
  Opened opened, again;
  {
    Loader loader;
    opened = loader.open(folder.path);
    again = loader.open(folder.path);
  }
  opened.adapter.reset(); // one handle of two
  Pair pair = readPair(again.get(), 0, MOELORA_UP, 1);
  EXPECT_EQ(pair.a.data, randomMatrix(2, hidden, 2).data);
}

TEST(Cache, failures_are_not_remembered) {
  Folder folder;
  Loader loader;
  EXPECT_EQ(loader.open(folder.path).status, MOELORA_IO);
  EXPECT_EQ(loader.open(folder / "absent").status, MOELORA_IO);
  writeSmall(folder);
  folder.write("adapter_config.json", "{}");
  settle(folder);
  Opened refused = loader.open(folder.path);
  EXPECT_EQ(refused.status, MOELORA_INVALID);
  EXPECT_THAT(refused.text, HasSubstr("adapter_config.json"));
  writeSmall(folder);
  EXPECT_EQ(loader.open(folder.path).status, MOELORA_OK);
  fs::remove(folder / "adapter_config.json");
  EXPECT_EQ(loader.open(folder.path).status, MOELORA_IO);
  Model empty;
  empty.sites.clear();
  EXPECT_EQ(loader.open(folder.path, empty).status, MOELORA_INVALID);
}

TEST(Cache, many_threads) {
  Folder folders[3];
  for (unsigned i = 0; i < 3; ++i)
    writeSmall(folders[i], i + 1);
  Loader loader(2); // so that they push each other out
  auto work = [&](unsigned first) {
    for (unsigned i = first; i < first + 60; ++i) {
      Opened opened = loader.open(folders[i % 3].path);
      ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
      Pair pair = readPair(opened.get(), 0, MOELORA_UP, 1);
      EXPECT_EQ(pair.a.data, randomMatrix(2, hidden, 2 * (i % 3 + 1)).data);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t)
    threads.emplace_back(work, t);
  for (std::thread &thread : threads)
    thread.join();
}
