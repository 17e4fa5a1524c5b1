/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Prefetching: opened in the background, read ahead, remembered.
 */
#include "Calls.h"
#include "Loaders.h"

using namespace moelora::test;

TEST(Prefetch, is_remembered) {
  Folder folder;
  writeSmall(folder);
  Watch watch(folder / "adapter_model.safetensors");
  Model model;
  moelora_adapter_target target = model.target();
  Loader loader;
  ASSERT_EQ(moelora_loader_prefetch(loader.loader, folder.path.c_str(), &target,
                                    nullptr, nullptr),
            MOELORA_OK);
  watch.awaitReadAhead(1); // it comes after the opening
  int before = watch.opens();
  EXPECT_GT(before, 0);
  EXPECT_EQ(loader.open(folder.path).status, MOELORA_OK);
  EXPECT_EQ(watch.opens(), before);
}

TEST(Prefetch, failures_are_silent) {
  Folder absent, present;
  writeSmall(present);
  Watch watch(present / "adapter_model.safetensors");
  Model model;
  moelora_adapter_target target = model.target();
  Loader loader;
  for (const Folder *folder : {&absent, &present})
    EXPECT_EQ(moelora_loader_prefetch(loader.loader, folder->path.c_str(),
                                      &target, nullptr, nullptr),
              MOELORA_OK);
  watch.awaitReadAhead(1);
  EXPECT_EQ(loader.open(absent.path).status, MOELORA_IO);
}

TEST(Prefetch, many_and_then_the_end) {
  Folder folder;
  writeSmall(folder);
  Watch watch(folder / "adapter_model.safetensors");
  Model model;
  moelora_adapter_target target = model.target();
  Loader loader;
  auto prefetch = [&] {
    for (int i = 0; i < 100; ++i)
      ASSERT_EQ(moelora_loader_prefetch(loader.loader, folder.path.c_str(),
                                        &target, nullptr, nullptr),
                MOELORA_OK);
  };
  prefetch();
  watch.awaitReadAhead(100);
  EXPECT_EQ(watch.opens(), 101); // each to read ahead, one to bind
  prefetch();                    // the loader ends before they do
}

TEST(Prefetch, arguments_are_checked) {
  Folder folder;
  Model model;
  moelora_adapter_target target = model.target();
  auto status = [&](Loader &loader, const char *path,
                    const moelora_adapter_target *to) {
    return moelora_loader_prefetch(loader.loader, path, to, nullptr, nullptr);
  };
  Loader some, none(0);
  EXPECT_EQ(status(some, nullptr, &target), MOELORA_INVALID);
  EXPECT_EQ(status(some, folder.path.c_str(), nullptr), MOELORA_INVALID);
  EXPECT_EQ(status(none, folder.path.c_str(), &target), MOELORA_INVALID);
}
