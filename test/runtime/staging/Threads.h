/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Threads that stage, and progress reports.
 */
#ifndef MOELORA_TEST_RUNTIME_STAGING_THREADS_H
#define MOELORA_TEST_RUNTIME_STAGING_THREADS_H

#include "Staged.h"

#include <atomic>
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

/// The reported progress.
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

#endif // MOELORA_TEST_RUNTIME_STAGING_THREADS_H
