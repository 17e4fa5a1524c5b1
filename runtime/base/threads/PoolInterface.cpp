/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The C interface of pools.
 */
#include "base/Sized.h"
#include "base/threads/Pool.h"
#include "base/threads/Processors.h"
#include "moelora/runtime/Pool.h"

#include <algorithm>
#include <system_error>

using namespace moelora;

struct moelora_pool {
  explicit moelora_pool(int32_t workers) : pool(workers) {}
  Pool pool;
};

namespace {

void parallelFor(void *context, int64_t tasks, moelora_task task, void *frame) {
  static_cast<moelora_pool *>(context)->pool.run(tasks, task, frame);
}

void serialFor(void *, int64_t tasks, moelora_task task, void *frame) {
  for (int64_t i = 0; i < tasks; ++i)
    task(frame, i, 0);
}

} // namespace

moelora_status moelora_pool_create(int32_t threads, moelora_pool **pool,
                                   moelora_error **error) {
  return guarded(error, [&] {
    expectThere(pool, "a place for the pool");
    if (threads < 0 || threads > MOELORA_MAX_POOL_THREADS)
      fail("expects the number of threads to be in [0, " +
           std::to_string(MOELORA_MAX_POOL_THREADS) + "], but it is " +
           std::to_string(threads));
    int32_t most = MOELORA_MAX_POOL_THREADS;
    int32_t workers = threads ? threads : std::min(usableProcessors(), most);
    try {
      *pool = new moelora_pool(workers);
    } catch (const std::system_error &refused) {
      fail("expects to start " + std::to_string(workers) + " threads, but " +
               refused.what(),
           MOELORA_OUT_OF_MEMORY);
    }
  });
}

void moelora_pool_destroy(moelora_pool *pool) {
  // In other processes there are no threads to end, and condition variables
  // would wait for them, so the memory is not freed.
  if (pool && pool->pool.isOfThisProcess())
    delete pool;
}

int32_t moelora_pool_workers(const moelora_pool *pool) {
  return pool ? pool->pool.workers() : 0;
}

void moelora::shareWork(moelora_pool *pool, moelora_services &services) {
  services.context = pool;
  services.workers = pool ? pool->pool.workers() : 1;
  services.parallel_for = pool ? parallelFor : serialFor;
}
