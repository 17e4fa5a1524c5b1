/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Loads that end before their time: cancelled, closed, their loader gone.
 */
#include "Loads.h"

#include <gmock/gmock.h>
#include <thread>

using namespace moelora::test;

namespace {

/// A load that waits at a gate, and two loads after it.
struct Row {
  Row() {
    writeSmall(folder);
    moelora_load_request request = scene.request("first", folder);
    gate.guard(request);
    first = std::make_unique<Loading>(scene.loader, request);
    second = std::make_unique<Loading>(scene.loader,
                                       scene.request("second", folder));
    third =
        std::make_unique<Loading>(scene.loader, scene.request("third", folder));
    gate.awaitLoad();
  }
  ~Row() { gate.open(); }

  Folder folder;
  Scene scene;
  Gate gate;
  std::unique_ptr<Loading> first, second, third;
};

} // namespace

TEST(LoaderEnd, cancelled_in_the_middle) {
  Row row;
  row.first->cancel();
  EXPECT_EQ(row.first->poll(), MOELORA_BUSY); // it has not ended yet
  row.gate.open();
  EXPECT_EQ(row.first->wait(), MOELORA_CANCELLED);
  EXPECT_NE(row.first->text, "");
  EXPECT_EQ(row.scene.find("first"), MOELORA_NOT_FOUND);
  EXPECT_EQ(row.second->wait(), MOELORA_OK) << row.second->text;
  EXPECT_EQ(row.third->wait(), MOELORA_OK);
  Loading again(row.scene.loader, row.scene.request("first", row.folder));
  EXPECT_EQ(again.wait(), MOELORA_OK) << again.text;
}

TEST(LoaderEnd, cancelled_by_progress) {
  Row row;
  row.gate.open(1);
  EXPECT_EQ(row.first->wait(), MOELORA_CANCELLED);
  EXPECT_EQ(row.second->wait(), MOELORA_OK) << row.second->text;
}

TEST(LoaderEnd, cancelled_from_within_progress) {
  Folder folder;
  writeSmall(folder);
  Scene scene;
  Gate gate; // in front of the load, until its handle is known
  moelora_load_request held = scene.request("held", folder);
  gate.guard(held);
  Loading before(scene.loader, held);
  moelora_load_request request = scene.request("x", folder);
  std::unique_ptr<Loading> inside;
  request.context = &inside;
  request.progress = [](void *context, const moelora_staging_progress *) {
    Loading &loading = **static_cast<std::unique_ptr<Loading> *>(context);
    EXPECT_EQ(loading.poll(), MOELORA_BUSY); // no lock is held
    loading.cancel();
    return 0;
  };
  inside = std::make_unique<Loading>(scene.loader, request);
  gate.open();
  EXPECT_EQ(inside->wait(), MOELORA_CANCELLED);
  EXPECT_EQ(scene.find("x"), MOELORA_NOT_FOUND);
}

TEST(LoaderEnd, cancelled_before_it_began) {
  Row row;
  row.second->cancel();
  EXPECT_EQ(row.second->wait(), MOELORA_CANCELLED); // though the first one runs
  EXPECT_EQ(row.second->text, "the load was cancelled");
  row.gate.open();
  EXPECT_EQ(row.third->wait(), MOELORA_OK) << row.third->text;
  EXPECT_EQ(row.scene.find("second"), MOELORA_NOT_FOUND);
  EXPECT_EQ(row.scene.table.stats().cancelled_loads, 0u); // never touched it
  EXPECT_EQ(row.scene.table.stats().loads, 2u);
}

TEST(LoaderEnd, cancelled_when_it_is_done) {
  Folder folder;
  writeSmall(folder);
  Scene scene;
  Loading loading(scene.loader, scene.request("x", folder));
  ASSERT_EQ(loading.wait(), MOELORA_OK) << loading.text;
  loading.cancel();
  EXPECT_EQ(loading.poll(), MOELORA_OK);
  EXPECT_EQ(scene.find("x"), MOELORA_OK);
}

TEST(LoaderEnd, closed_while_it_waits) {
  Row row;
  row.second->close(); // does not wait for the first one
  EXPECT_EQ(row.first->poll(), MOELORA_BUSY);
  row.gate.open();
  EXPECT_EQ(row.third->wait(), MOELORA_OK) << row.third->text;
  EXPECT_EQ(row.scene.find("second"), MOELORA_NOT_FOUND);
}

TEST(LoaderEnd, closed_in_the_middle) {
  Row row;
  std::thread opener([&] {
    row.third->wait(); // until the first one was cancelled
    row.gate.open();
  });
  row.first->cancel();
  row.third->cancel();
  row.first->close();
  EXPECT_EQ(row.scene.find("first"), MOELORA_NOT_FOUND); // and not BUSY
  opener.join();
  EXPECT_EQ(row.second->wait(), MOELORA_OK) << row.second->text;
  moelora_load_close(nullptr);
}

TEST(LoaderEnd, loader_destroyed) {
  Row row;
  std::thread destroyer([&] {
    moelora_loader_destroy(row.scene.loader.loader);
    row.scene.loader.loader = nullptr;
  });
  // Waiting loads end while the first load still waits at its gate.
  EXPECT_EQ(row.second->wait(), MOELORA_CANCELLED);
  EXPECT_EQ(row.third->wait(), MOELORA_CANCELLED);
  EXPECT_EQ(row.first->poll(), MOELORA_BUSY);
  row.gate.open();
  destroyer.join();
  EXPECT_EQ(row.first->poll(), MOELORA_CANCELLED); // still readable
  EXPECT_EQ(row.first->wait(), MOELORA_CANCELLED);
  EXPECT_EQ(row.scene.table.stats().loads, 0u);
  EXPECT_EQ(row.scene.table.stats().used_slots, 0);
  moelora_loader_destroy(nullptr);
}
