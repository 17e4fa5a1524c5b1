/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The way to memory that the host does not see: what it takes, who shares it,
 * and what becomes of copies that fail.
 */
#include "Large.h"
#include "SlotDevice.h"
#include "device/UploadRing.h"

#include <gmock/gmock.h>

#include <thread>

using namespace moelora;
using namespace moelora::test;

namespace {

/// Copies in parts.
void copyWhole(UploadRing &ring, DeviceMemory &to, const std::string &image) {
  Upload upload(ring, to);
  for (uint64_t at = 0; at < image.size(); at += UploadRing::pieceBytes)
    upload.copy(at, image.data() + at,
                std::min(UploadRing::pieceBytes, image.size() - at));
  upload.finish();
}

} // namespace

// A load used to pin a whole image.
TEST(LoadMemory, is_a_ring_of_two_pieces_whatever_the_adapter) {
  TestDevice device;
  uint64_t bytes = 9 << 20; // two buffers, and a part of a third one
  std::string image(bytes, '\0');
  for (uint64_t i = 0; i < bytes; ++i)
    image[i] = static_cast<char>(i * 7 + i / 4096);
  UploadRing ring(*device.get());
  DeviceMemory memory(*device.get(), bytes);
  for (int i = 0; i < 2; ++i)
    copyWhole(ring, memory, image);
  EXPECT_EQ(image.compare(0, bytes, device.memory.seen(memory.data()), bytes),
            0);
  EXPECT_EQ(device.live().host, 2);
  EXPECT_EQ(device.faults.count(TestCall::AllocateHost), 2);
}

TEST(LoadMemory, is_shared_by_uploads_of_several_threads) {
  TestDeviceOptions threaded;
  threaded.threaded = true;
  TestDevice device(threaded);
  UploadRing ring(*device.get());
  std::vector<std::string> images;
  std::vector<DeviceMemory> memories;
  for (char letter : {'a', 'b', 'c'}) {
    images.emplace_back(9 << 20, letter);
    memories.emplace_back(*device.get(), images.back().size());
  }
  std::vector<std::thread> threads;
  for (size_t i = 0; i < images.size(); ++i)
    threads.emplace_back([&, i] { copyWhole(ring, memories[i], images[i]); });
  for (std::thread &thread : threads)
    thread.join();
  for (size_t i = 0; i < images.size(); ++i) {
    const char *seen = device.memory.seen(memories[i].data());
    EXPECT_EQ(images[i].compare(0, images[i].size(), seen, images[i].size()),
              0);
  }
  EXPECT_EQ(device.live().host, 2);
}

TEST(LoadMemory, is_not_given_back_while_a_copy_may_write_to_it) {
  TestDevice device;
  UploadRing ring(*device.get());
  DeviceMemory memory(*device.get(), 100);
  std::string image(100, '\0');
  copyWhole(ring, memory, image);
  device.faults.fail(TestCall::StreamSynchronize, 1, MOELORA_IO, true);
  EXPECT_THROW(copyWhole(ring, memory, image), Failure);
  EXPECT_FALSE(memory); // the ring has taken it
  device.faults.heal();
  EXPECT_EQ(device.live().memory, 1);
}

TEST(LoadMemory, of_an_upload_that_ends_early_is_given_back) {
  TestDevice device;
  UploadRing ring(*device.get());
  std::string image(100, 'a');
  DeviceMemory memory(*device.get(), image.size());
  Upload(ring, memory).copy(0, image.data(), image.size());
  ASSERT_TRUE(memory); // its copy is done
  EXPECT_EQ(image.compare(0, 100, device.memory.seen(memory.data()), 100), 0);
  EXPECT_THAT(device.complaints(), testing::IsEmpty());
}

// An image used to be read as a whole before the first byte of it was copied.
TEST(LoadMemory, is_copied_while_the_rest_is_being_read) {
  Large large;
  TestDevice device;
  moelora_slot_table_options options = optionsOn(device.get());
  options.target = large.opened.target->get();
  Table table(options);
  struct Seen {
    TestDevice &device;
    std::vector<long> copies; // at each report
  } seen = {device, {}};
  moelora_staging staging = {};
  staging.size = sizeof staging;
  staging.context = &seen;
  staging.progress = [](void *context, const moelora_staging_progress *) {
    auto *seen = static_cast<Seen *>(context);
    seen->copies.push_back(seen->device.faults.count(TestCall::Copy));
    return int32_t(0);
  };
  int32_t id = -1;
  ASSERT_EQ(table.call(moelora_slot_table_assign, "a", large.opened.get(),
                       &staging, &id),
            MOELORA_OK)
      << table.text;
  ASSERT_GE(seen.copies.size(), 2u);
  EXPECT_GT(seen.copies.front(), 0);
  device.drain();
}

TEST(LoadMemory, of_the_device_holds_the_image_of_the_cpu) {
  Folder folder;
  Opened adapter = packedAdapter(folder, 17);
  TestDevice device; // which hides its memory
  Table here, there(optionsOn(device.get()));
  int32_t id = -1;
  ASSERT_EQ(here.assign("a", adapter, id), MOELORA_OK);
  ASSERT_EQ(there.assign("a", adapter, id), MOELORA_OK) << there.text;
  auto pages = [](const Table &table, const char *image) {
    moelora_slot_cost cost = table.info(0).cost;
    return std::string(image + cost.index_bytes, cost.page_bytes);
  };
  auto imageOf = [](const Table &table) {
    moelora_slot_table &t = *table.table;
    return t.buffers.at(t.core.at(0).buffer).data();
  };
  EXPECT_EQ(pages(here, imageOf(here)),
            pages(there, device.memory.seen(imageOf(there))));
  device.drain();
}
