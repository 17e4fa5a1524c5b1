/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Loads, and what they need.
 */
#ifndef MOELORA_TEST_LOADER_LOADS_H
#define MOELORA_TEST_LOADER_LOADS_H

#include "../Tables.h"
#include "Gate.h"
#include "Loaders.h"

namespace moelora::test {

/// One load, closed with the test.
class Loading {
public:
  Loading(Loader &loader, const moelora_load_request &request) {
    moelora_error *error = nullptr;
    started = moelora_load_start(loader.loader, &request, &load, &error);
    take(error);
  }
  ~Loading() { close(); }
  Loading(const Loading &) = delete;

  moelora_status poll() {
    moelora_error *error = nullptr;
    moelora_status status = moelora_load_poll(load, &progress, &id, &error);
    take(error);
    return status;
  }
  moelora_status wait(int64_t milliseconds = -1) {
    moelora_error *error = nullptr;
    moelora_status status = moelora_load_wait(load, milliseconds, &id, &error);
    take(error);
    return status;
  }
  void cancel() { moelora_load_cancel(load); }
  void close() {
    moelora_load_close(load);
    load = nullptr;
  }

  moelora_status started;
  std::string text;
  int32_t id = -7;
  moelora_staging_progress progress{};
  moelora_load *load = nullptr;

private:
  void take(moelora_error *error) {
    text = moelora_error_text(error);
    moelora_error_free(error);
  }
};

/// A loader, a table and the test's model.
struct Scene {
  explicit Scene(int slots = 4, int32_t threads = 1)
      : loader(4, threads), table(slots), target(model.target()) {}

  moelora_load_request request(const char *name, const Folder &folder) const {
    moelora_load_request request = {};
    request.size = sizeof request;
    request.table = table.table;
    request.name = name;
    request.folder = folder.path.c_str();
    request.target = &target;
    return request;
  }
  /// Whether the table has an adapter of this name, ready.
  moelora_status find(const char *name) {
    moelora_lease lease;
    moelora_status status = table.acquire(name, lease);
    if (status == MOELORA_OK)
      table.release(lease);
    return status;
  }

  Loader loader;
  Table table;
  Model model;
  moelora_adapter_target target;
};

} // namespace moelora::test

#endif // MOELORA_TEST_LOADER_LOADS_H
