/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The stages of a load: the adapter is opened, staged and published on the
 * thread of a queue. Returning the result allocates only the caller's copy of a
 * text, so that running out of memory can be reported.
 */
#include "loads/Load.h"

#include "base/Failure.h"

#include <chrono>

using namespace moelora;

namespace {

// Allocated when the library is loaded, because there may be no memory later.
const std::string underWay = "the load is under way";
const std::string wasCancelled = "the load was cancelled";

moelora_adapter_options optionsOf(const moelora_load_request &request) {
  moelora_adapter_options stated = {};
  stated.size = sizeof stated;
  stated.layout = request.layout;
  stated.columns = request.columns;
  return readOptions(&stated);
}

void check(const moelora_load_request &request) {
  if (!request.table)
    fail("expects a slot table to load into");
  if (!(request.folder ? request.target != nullptr
                       : request.adapter != nullptr))
    fail("expects a folder with a target, or an adapter");
  if (request.folder)
    optionsOf(request);
  if (request.order != MOELORA_STAGING_FILE_ORDER &&
      request.order != MOELORA_STAGING_LAYER_ORDER)
    fail("expects the order to be 0 or 1, but it is " +
         std::to_string(request.order));
}

moelora_load_request checked(const moelora_load_request &request) {
  check(request);
  return request;
}

} // namespace

Load::Load(AdapterCache &cache, const moelora_services &services,
           const moelora_load_request &request)
    : cache(cache), services(services), request(checked(request)),
      name(request.name ? request.name : ""),
      folder(request.folder ? request.folder : "") {}

Load::~Load() { moelora_error_free(result.failure); }

void Load::run() noexcept {
  if (begin())
    finish(work());
}

bool Load::begin() {
  std::lock_guard<std::mutex> lock(mutex);
  if (state == Waiting)
    state = Running;
  return state == Running;
}

void Load::cancel() noexcept {
  cancelled = true;
  std::lock_guard<std::mutex> lock(mutex);
  if (state != Waiting)
    return;
  state = Done;
  result.status = MOELORA_CANCELLED;
  done.notify_all();
}

void Load::finish(const Result &end) {
  std::lock_guard<std::mutex> lock(mutex);
  state = Done;
  result = end;
  done.notify_all();
}

Load::Result Load::work() noexcept {
  if (!request.folder)
    return stage(*request.adapter);
  std::optional<moelora_adapter> adapter;
  Work work(cancelled);
  Result end;
  end.status = guarded(&end.failure, [&] {
    KnownTarget known(request.target);
    adapter.emplace(cache.open(folder, known.get(), optionsOf(request), work));
  });
  return end.status == MOELORA_OK ? stage(*adapter) : end;
}

Load::Result Load::stage(const moelora_adapter &adapter) noexcept {
  Result end;
  end.status = MOELORA_CANCELLED;
  if (cancelled)
    return end;
  auto progressed = [](void *load, const moelora_staging_progress *now) {
    return static_cast<Load *>(load)->report(*now);
  };
  moelora_staging staging = {sizeof staging, request.order, &services,
                             progressed, this};
  end.id = request.id;
  end.status =
      request.name
          ? moelora_slot_table_assign(request.table, name.c_str(), &adapter,
                                      &staging, &end.id, &end.failure)
          : moelora_slot_table_replace(request.table, request.id, &adapter,
                                       &staging, request.stream, &end.failure);
  return end;
}

int32_t Load::report(const moelora_staging_progress &now) noexcept {
  {
    std::lock_guard<std::mutex> lock(mutex);
    progress = now;
  }
  int32_t stop = request.progress ? request.progress(request.context, &now) : 0;
  return stop || cancelled;
}

void Load::wait(int64_t milliseconds) {
  auto isDone = [this] { return state == Done; };
  // A longer time, which clocks may not support, means no limit.
  constexpr std::chrono::hours longest(24 * 365);
  std::chrono::milliseconds time(milliseconds);
  std::unique_lock<std::mutex> lock(mutex);
  if (milliseconds < 0 || time > longest)
    done.wait(lock, isDone);
  else
    done.wait_for(lock, time, isDone);
}

moelora_status Load::answer(moelora_staging_progress *progressNow, int32_t *id,
                            moelora_error **error) noexcept {
  if (error)
    *error = nullptr;
  std::unique_lock<std::mutex> lock(mutex);
  if (progressNow)
    *progressNow = progress;
  bool isDone = state == Done;
  Result now = result;
  lock.unlock();
  if (!isDone)
    return moelora::report(error, MOELORA_BUSY, underWay);
  if (now.status == MOELORA_OK) {
    if (id)
      *id = now.id;
    return MOELORA_OK;
  }
  // The failure stays as it is until the load is closed.
  return moelora::report(error, now.status,
                         now.failure ? now.failure->text : wasCancelled);
}
