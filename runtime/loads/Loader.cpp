/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The C interface of the loader.
 */
#include "moelora/runtime/Loader.h"

#include "base/Sized.h"
#include "base/threads/Pool.h"
#include "loads/Load.h"
#include "moelora/runtime/Pool.h"

#include <fcntl.h>
#include <system_error>
#include <unistd.h>

using namespace moelora;

using OwnedPool = std::unique_ptr<moelora_pool, void (*)(moelora_pool *)>;

/// One thread runs the loads, because concurrent loads would all end late and
/// out of order, and would share the memory bandwidth anyway. `pool` makes a
/// load fast. Prefetches have another thread, because opening an adapter is
/// serial work that must not delay a load which is copying.
struct moelora_loader {
  moelora_loader(size_t adapters, OwnedPool &&copying)
      : pool(std::move(copying)), cache(adapters) {
    shareWork(pool.get(), services);
  }

  const Maker maker;
  OwnedPool pool;
  moelora_services services = {}; ///< parallel_for alone
  AdapterCache cache;
  JobQueue loads,
      prefetches; // destroyed before the members that their threads use
};

/// The queue holds the other reference, so that a load may be closed before it
/// has left the queue.
struct moelora_load {
  std::shared_ptr<Load> load;
  const Maker maker = {};
};

namespace {

class Prefetch final : public Job {
public:
  Prefetch(AdapterCache &cache, const char *folder,
           const moelora_adapter_target *target,
           const moelora_adapter_options *options)
      : cache(cache), folder(folder), target(target),
        stated(readOptions(options)) {}

  void cancel() noexcept override { cancelled = true; }

  void run() noexcept override {
    // The load of this adapter will report the error.
    guarded(nullptr, [&] {
      Work work(cancelled);
      work.look();
      cache.open(folder, target.get(), stated, work);
      readAhead(folder + "/" + adapterTensorsName);
    });
  }

private:
  static void readAhead(const std::string &path) {
    int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
      return;
    ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_WILLNEED);
    ::close(descriptor);
  }

  AdapterCache &cache;
  const std::string folder;
  const KnownTarget target;
  const moelora_adapter_options stated;
  std::atomic<bool> cancelled{false};
};

/// Everything else would use locks.
void checkProcess(const Maker &maker) {
  if (!maker.isThisProcess())
    fail("expects a loader to be used by the process that made it, but this is "
         "a child of that process and has none of its threads");
}

OwnedPool makePool(int32_t threads) {
  moelora_pool *pool = nullptr;
  moelora_error *error = nullptr;
  moelora_status status = moelora_pool_create(threads, &pool, &error);
  if (status == MOELORA_OK)
    return {pool, moelora_pool_destroy};
  std::unique_ptr<moelora_error, void (*)(moelora_error *)> owned(
      error, moelora_error_free);
  fail(error->text, status);
}

} // namespace

moelora_status moelora_loader_create(const moelora_loader_options *given,
                                     moelora_loader **loader,
                                     moelora_error **error) {
  constexpr uint32_t least =
      MOELORA_SIZE_THROUGH(moelora_loader_options, adapters);
  return guarded(error, [&] {
    auto options = readSized(given, least, "options");
    expectThere(loader, "a place for the loader");
    if (options.adapters < 0)
      fail("expects the number of adapters to remember not to be negative, "
           "but it is " +
           std::to_string(options.adapters));
    OwnedPool pool = makePool(options.threads);
    try {
      *loader = new moelora_loader(static_cast<size_t>(options.adapters),
                                   std::move(pool));
    } catch (const std::system_error &refused) {
      fail(std::string("expects to start the loader's threads, but ") +
               refused.what(),
           MOELORA_OUT_OF_MEMORY);
    }
  });
}

void moelora_loader_destroy(moelora_loader *loader) {
  if (loader && loader->maker.isThisProcess())
    delete loader;
}

moelora_status moelora_loader_open(moelora_loader *loader, const char *folder,
                                   const moelora_adapter_target *target,
                                   const moelora_adapter_options *options,
                                   moelora_adapter **adapter,
                                   moelora_error **error) {
  return guarded(error, [&] {
    expectThere(loader, "a loader");
    expectThere(folder, "a folder");
    KnownTarget known(target);
    expectThere(adapter, "a place for the adapter");
    checkProcess(loader->maker);
    Work work;
    *adapter = new moelora_adapter(
        loader->cache.open(folder, known.get(), readOptions(options), work));
  });
}

moelora_status moelora_load_start(moelora_loader *loader,
                                  const moelora_load_request *given,
                                  moelora_load **load, moelora_error **error) {
  constexpr uint32_t least =
      MOELORA_SIZE_THROUGH(moelora_load_request, context);
  return guarded(error, [&] {
    expectThere(loader, "a loader");
    auto request = readSized(given, least, "a request");
    expectThere(load, "a place for the load");
    checkProcess(loader->maker);
    auto started = std::make_unique<moelora_load>();
    started->load =
        std::make_shared<Load>(loader->cache, loader->services, request);
    loader->loads.add(started->load);
    *load = started.release();
  });
}

moelora_status moelora_load_poll(moelora_load *load,
                                 moelora_staging_progress *progress,
                                 int32_t *id, moelora_error **error) {
  moelora_status usable = guarded(error, [&] {
    expectThere(load, "a load");
    checkProcess(load->maker);
  });
  return usable == MOELORA_OK ? load->load->answer(progress, id, error)
                              : usable;
}

moelora_status moelora_load_wait(moelora_load *load, int64_t milliseconds,
                                 int32_t *id, moelora_error **error) {
  moelora_status usable = guarded(error, [&] {
    expectThere(load, "a load");
    checkProcess(load->maker);
    load->load->wait(milliseconds);
  });
  return usable == MOELORA_OK ? load->load->answer(nullptr, id, error) : usable;
}

void moelora_load_cancel(moelora_load *load) {
  if (load && load->maker.isThisProcess())
    load->load->cancel();
}

void moelora_load_close(moelora_load *load) {
  if (!load || !load->maker.isThisProcess())
    return;
  load->load->cancel();
  load->load->wait(-1);
  delete load;
}

moelora_status moelora_loader_prefetch(moelora_loader *loader,
                                       const char *folder,
                                       const moelora_adapter_target *target,
                                       const moelora_adapter_options *options,
                                       moelora_error **error) {
  return guarded(error, [&] {
    expectThere(loader, "a loader");
    expectThere(folder, "a folder");
    expectThere(target, "a target");
    checkProcess(loader->maker);
    if (!loader->cache.remembers())
      fail("expects a loader that remembers adapters, but this one remembers "
           "none");
    loader->prefetches.add(
        std::make_shared<Prefetch>(loader->cache, folder, target, options));
  });
}
