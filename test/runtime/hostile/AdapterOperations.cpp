/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Adapters, pools and loaders, and the loads that these make.
 */
#include "TableText.h"
#include "World.h"

#include <gtest/gtest.h>

namespace moelora::test {

namespace {

void makeLoader(World &w) {
  moelora_loader_options options{sizeof options, 2, 4};
  EXPECT_EQ(moelora_loader_create(&options, &w.loader, nullptr), MOELORA_OK);
}

/// Starts a load and waits for it.
moelora_status load(World &w, moelora_load_request request,
                    moelora_error **error) {
  request.table = w.table;
  request.target = &w.target;
  moelora_load *started = nullptr;
  moelora_status status =
      moelora_load_start(w.loader, &request, &started, error);
  int32_t id = -1;
  if (status == MOELORA_OK)
    status = moelora_load_wait(started, -1, &id, error);
  moelora_load_close(started);
  return status;
}

moelora_status openMemory(World &w, moelora_error **error) {
  return moelora_adapter_open_memory(
      w.inputs.config.c_str(), w.inputs.tensors.data(),
      static_cast<int64_t>(w.inputs.tensors.size()), &w.target, nullptr,
      &w.opened, error);
}

moelora_status loadRemembered(World &w, moelora_error **error) {
  moelora_load_request request{};
  request.size = sizeof request;
  request.name = "new";
  request.folder = w.inputs.folder.path.c_str();
  return load(w, request, error);
}

moelora_status loadToReplace(World &w, moelora_error **error) {
  moelora_load_request request{};
  request.size = sizeof request;
  request.folder = w.inputs.otherFolder.path.c_str();
  request.id = w.lease.id;
  request.stream = w.stream;
  return load(w, request, error);
}

} // namespace

std::vector<Operation> adapterOperations() {
  return {
      {"open", nullptr,
       [](World &w, moelora_error **error) {
         return moelora_adapter_open(w.inputs.folder.path.c_str(), &w.target,
                                     nullptr, &w.opened, error);
       }},
      {"open in memory", nullptr, openMemory},
      {"make a dummy", nullptr,
       [](World &w, moelora_error **error) {
         return moelora_adapter_make_dummy(&w.target, 8, &w.opened, error);
       }},
      {"create a pool", nullptr,
       [](World &w, moelora_error **error) {
         return moelora_pool_create(4, &w.pool, error);
       }},
      {"create a loader", nullptr,
       [](World &w, moelora_error **error) {
         moelora_loader_options options{sizeof options, 3, 4};
         return moelora_loader_create(&options, &w.loader, error);
       }},
      {"load", makeLoader, loadRemembered},
      {"load again",
       [](World &w) {
         makeLoader(w);
         EXPECT_EQ(loadRemembered(w, nullptr), MOELORA_OK);
         int32_t id = inspect(w.table, findSlot(w.table, "new")).id;
         EXPECT_EQ(moelora_slot_table_evict(w.table, id, nullptr), MOELORA_OK);
       },
       loadRemembered},
      {"load to replace", makeLoader, loadToReplace},
      {"prefetch and load", makeLoader,
       [](World &w, moelora_error **error) {
         moelora_status status = moelora_loader_prefetch(
             w.loader, w.inputs.folder.path.c_str(), &w.target, nullptr, error);
         return status == MOELORA_OK ? loadRemembered(w, error) : status;
       },
       false, false, true},
  };
}

} // namespace moelora::test
