/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Makes loaders and what they load.
 */
#include "Loaders.h"

#include <ctime>
#include <sys/stat.h>
#include <thread>

namespace moelora::test {

void settle(const Folder &folder) {
  for (const std::string &name : folder.list()) {
    struct stat file;
    ASSERT_EQ(::stat((folder / name).c_str(), &file), 0);
    auto isOver = [&] {
      timespec now;
      ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
      return std::pair(now.tv_sec, now.tv_nsec) >
             std::pair(file.st_ctim.tv_sec, file.st_ctim.tv_nsec);
    };
    while (!isOver())
      std::this_thread::yield();
  }
}

void writeSmall(const Folder &folder, unsigned seed, int rank) {
  Tensors tensors;
  addPair(tensors, inLayer(0, "mlp.experts.1.up_proj"), rank, hidden,
          intermediate, seed);
  addPair(tensors, inLayer(1, "self_attn.q_proj"), rank, hidden, hidden, 9);
  writeAdapter(folder, config(rank, 4), tensors);
  settle(folder);
}

Loader::Loader(int32_t adapters, int32_t threads) {
  moelora_loader_options options = {sizeof options, threads, adapters};
  EXPECT_EQ(moelora_loader_create(&options, &loader, nullptr), MOELORA_OK);
}

Opened Loader::open(const std::string &folder, const Model &model,
                    int32_t layout) {
  Opened opened;
  moelora_adapter_target target = model.target();
  moelora_adapter *adapter = nullptr;
  moelora_error *error = nullptr;
  moelora_adapter_options stated = {sizeof stated, layout, 0, 0};
  opened.status = moelora_loader_open(loader, folder.c_str(), &target, &stated,
                                      &adapter, &error);
  opened.text = moelora_error_text(error);
  moelora_error_free(error);
  opened.adapter.reset(adapter);
  return opened;
}

bool areSame(const Opened &left, const Opened &right) {
  return moelora_adapter_elsewhere(left.get(), 0) ==
         moelora_adapter_elsewhere(right.get(), 0);
}

} // namespace moelora::test
