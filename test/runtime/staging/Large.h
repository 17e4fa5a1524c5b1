/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * An adapter that takes many pieces of work to stage, threads to do it, and
 * what they are told meanwhile.
 */
#ifndef MOELORA_TEST_RUNTIME_STAGING_LARGE_H
#define MOELORA_TEST_RUNTIME_STAGING_LARGE_H

#include "Staged.h"

#include <atomic>
#include <chrono>
#include <thread>

namespace moelora::test {

/// Four threads that end with the call.
struct Threads {
  Threads() {
    services.workers = 4;
    services.parallel_for = run;
  }
  static void run(void *, int64_t tasks, moelora_task task, void *frame) {
    std::atomic<int64_t> next{0};
    std::vector<std::thread> threads;
    for (int64_t worker = 0; worker < 4; ++worker)
      threads.emplace_back([&, worker] {
        for (int64_t i; (i = next++) < tasks;)
          task(frame, i, worker);
      });
    for (std::thread &thread : threads)
      thread.join();
  }
  moelora_services services{};
};

/// 3 experts of 2 layers, 30 MB in all.
struct Large {
  static constexpr int64_t hidden = 20000, intermediate = 7000;
  static constexpr int rank = 17;
  Large() {
    Tensors tensors;
    for (int layer : {0, 2})
      for (int e = 0; e < experts; ++e) {
        std::string module =
            inLayer(layer, "mlp.experts." + std::to_string(e) + ".");
        addPair(tensors, module + "up_proj", rank, hidden, intermediate);
        addPair(tensors, module + "down_proj", rank, intermediate, hidden, 2);
      }
    writeAdapter(folder, config(rank, 1), tensors);
    Model model;
    for (moelora_adapter_site &site : model.sites) {
      site.hidden = hidden;
      site.intermediate = intermediate;
    }
    // A file's times are as coarse as the system's ticks.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    opened = open(folder, model);
  }
  Folder folder;
  Opened opened;
};

/// What progress was told.
struct Told {
  std::vector<moelora_staging_progress> all;
  size_t cancelAt = SIZE_MAX;
  std::function<void()> during = [] {};
  static int32_t tell(void *context, const moelora_staging_progress *progress) {
    Told &told = *static_cast<Told *>(context);
    told.all.push_back(*progress);
    told.during();
    return told.all.size() > told.cancelAt;
  }
};

inline moelora_staging stagingOf(Told &told, const Threads *threads = nullptr,
                                 int32_t order = MOELORA_STAGING_FILE_ORDER) {
  return {sizeof(moelora_staging), order,
          threads ? &threads->services : nullptr, Told::tell, &told};
}

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_STAGING_LARGE_H
