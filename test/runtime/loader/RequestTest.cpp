/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Requests that a loader refuses.
 */
#include "Loads.h"

#include <functional>
#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

TEST(Request, is_checked) {
  using Request = moelora_load_request;
  struct {
    std::function<void(Request &)> change;
    const char *text;
  } const cases[] = {
      {[](Request &r) { r.table = nullptr; }, "expects a slot table"},
      {[](Request &r) { r.target = nullptr; }, "a folder with a target"},
      {[](Request &r) { r.folder = nullptr; }, "or an adapter"},
      {[](Request &r) { r.layout = 3; }, "from 0 to 2, but it is 3"},
      {[](Request &r) { r.layout = -1; }, "from 0 to 2, but it is -1"},
      {[](Request &r) { r.order = 2; }, "to be 0 or 1, but it is 2"}};
  Folder folder;
  writeSmall(folder);
  Scene scene;
  for (const auto &c : cases) {
    Request request = scene.request("x", folder);
    c.change(request);
    Loading loading(scene.loader, request);
    EXPECT_EQ(loading.started, MOELORA_INVALID);
    EXPECT_THAT(loading.text, HasSubstr(c.text));
    EXPECT_EQ(loading.load, nullptr);
  }
  EXPECT_EQ(moelora_load_start(scene.loader.loader, nullptr, nullptr, nullptr),
            MOELORA_INVALID);
  EXPECT_EQ(scene.find("x"), MOELORA_NOT_FOUND);
}

TEST(Request, of_a_loader) {
  moelora_loader *loader = nullptr;
  moelora_error *error = nullptr;
  auto status = [&](int32_t threads, int32_t adapters) {
    moelora_loader_options options = {sizeof options, threads, adapters};
    moelora_error_free(error);
    return moelora_loader_create(&options, &loader, &error);
  };
  EXPECT_EQ(status(-1, 1), MOELORA_INVALID);
  EXPECT_THAT(moelora_error_text(error), HasSubstr("but it is -1"));
  EXPECT_EQ(status(100000, 1), MOELORA_INVALID);
  EXPECT_EQ(status(1, -2), MOELORA_INVALID);
  EXPECT_THAT(moelora_error_text(error), HasSubstr("but it is -2"));
  EXPECT_EQ(moelora_loader_create(nullptr, &loader, nullptr), MOELORA_INVALID);
  EXPECT_EQ(loader, nullptr);
  EXPECT_EQ(status(0, 0), MOELORA_OK); // as many threads as there may be
  moelora_loader_destroy(loader);
}

TEST(Request, of_an_adapter) {
  Folder folder;
  writeSmall(folder);
  Scene scene;
  moelora_adapter *none = nullptr;
  auto status = [&](const char *path, const moelora_adapter_target *target,
                    int layout) {
    moelora_adapter_options stated = {sizeof stated, layout, 0, 0};
    return moelora_loader_open(scene.loader.loader, path, target, &stated,
                               &none, nullptr);
  };
  EXPECT_EQ(status(nullptr, &scene.target, 0), MOELORA_INVALID);
  EXPECT_EQ(status(folder.path.c_str(), nullptr, 0), MOELORA_INVALID);
  EXPECT_EQ(status(folder.path.c_str(), &scene.target, 3), MOELORA_INVALID);
  EXPECT_EQ(none, nullptr);
}
