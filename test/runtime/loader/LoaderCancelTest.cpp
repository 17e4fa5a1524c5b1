/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Loads that are cancelled while their adapter is opened and bound: they end
 * there, before what is wrong with the adapter is found.
 */
#include "Calls.h"
#include "Loads.h"

#include <gmock/gmock.h>

using namespace moelora::test;

namespace {

/// An adapter whose last tensor binds nowhere.
void writeWrong(const Folder &folder) {
  Tensors tensors;
  addPair(tensors, inLayer(0, "mlp.experts.1.up_proj"), 2, hidden,
          intermediate);
  addPair(tensors, inLayer(0, "mlp.unknown"), 2, hidden, intermediate);
  writeAdapter(folder, config(2, 4), tensors);
  settle(folder);
}

/// A load that is cancelled when a file of its folder is opened. It waits after
/// another load until its handle is known.
moelora_status cancelledAtOpen(const Folder &folder, const char *file) {
  Folder good;
  writeSmall(good);
  Scene scene;
  Gate gate;
  moelora_load_request held = scene.request("held", good);
  gate.guard(held);
  Loading before(scene.loader, held);
  std::unique_ptr<Loading> loading;
  Watch watch(folder / file, [&] { loading->cancel(); });
  loading = std::make_unique<Loading>(scene.loader, scene.request("x", folder));
  gate.open();
  moelora_status status = loading->wait();
  EXPECT_EQ(watch.opens(), 1);
  loading.reset(); // cancels once more
  EXPECT_EQ(scene.find("x"), MOELORA_NOT_FOUND);
  return status;
}

} // namespace

TEST(LoaderCancel, ends_before_binding) {
  Folder folder;
  writeWrong(folder);
  EXPECT_EQ(cancelledAtOpen(folder, "adapter_model.safetensors"),
            MOELORA_CANCELLED);
}

TEST(LoaderCancel, ends_before_the_configuration_is_read) {
  Folder folder;
  writeWrong(folder);
  folder.write("adapter_config.json", "{");
  settle(folder);
  EXPECT_EQ(cancelledAtOpen(folder, "adapter_config.json"), MOELORA_CANCELLED);
}

TEST(LoaderCancel, of_one_caller_leaves_the_others_alone) {
  Folder folder;
  writeSmall(folder);
  Scene scene;
  const std::string file = folder / "adapter_model.safetensors";
  std::unique_ptr<Loading> loading;
  Gate gate;
  Folder good;
  writeSmall(good);
  moelora_load_request held = scene.request("held", good);
  gate.guard(held);
  Loading before(scene.loader, held);
  {
    Watch watch(file, [&] { loading->cancel(); });
    loading =
        std::make_unique<Loading>(scene.loader, scene.request("x", folder));
    gate.open();
    EXPECT_EQ(loading->wait(), MOELORA_CANCELLED);
  }
  Watch watch(file);
  EXPECT_EQ(scene.loader.open(folder.path).status, MOELORA_OK);
  EXPECT_EQ(watch.opens(), 1); // half an adapter was not remembered
}

TEST(LoaderCancel, by_the_last_report_of_progress) {
  Folder folder;
  writeSmall(folder);
  Scene scene;
  moelora_load_request request = scene.request("x", folder);
  int last = 0;
  request.context = &last;
  request.progress = [](void *context, const moelora_staging_progress *now) {
    return *static_cast<int *>(context) = now->bytes == now->total_bytes;
  };
  Loading loading(scene.loader, request);
  moelora_status status = loading.wait();
  EXPECT_EQ(last, 1);
  EXPECT_EQ(status, MOELORA_CANCELLED);
  EXPECT_EQ(loading.poll(), status);
  EXPECT_EQ(scene.find("x"), MOELORA_NOT_FOUND);
}
