/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * One load, from its start to its result.
 *
 *     waiting  -> running  -> done      the result of its table
 *     waiting  ------------>  done      cancelled before it began
 *     running  -> running               cancel requested: staging ends soon
 */
#ifndef MOELORA_RUNTIME_LOAD_H
#define MOELORA_RUNTIME_LOAD_H

#include "loads/AdapterCache.h"
#include "loads/JobQueue.h"
#include "moelora/runtime/Loader.h"

#include <atomic>

namespace moelora {

class Load final : public Job {
public:
  /// Checks the request and copies its strings. Everything else must stay valid
  /// until the load is done.
  Load(AdapterCache &cache, const moelora_services &services,
       const moelora_load_request &request);
  ~Load() override;

  void run() noexcept override;
  void cancel() noexcept override;
  void wait(int64_t milliseconds);

  /// BUSY until it is done. Any of the results may be NULL.
  moelora_status answer(moelora_staging_progress *progress, int32_t *id,
                        moelora_error **error) noexcept;

private:
  enum State { Waiting, Running, Done };

  /// The status with which a load ended, which may be BUSY, and its failure.
  struct Result {
    moelora_status status = MOELORA_OK;
    int32_t id = -1;
    moelora_error *failure = nullptr;
  };

  bool begin();
  Result work() noexcept;
  Result stage(const moelora_adapter &adapter) noexcept;
  void finish(const Result &result);
  int32_t report(const moelora_staging_progress &now) noexcept;

  AdapterCache &cache;
  const moelora_services &services;
  const moelora_load_request request; // its strings may be invalid
  const std::string name, folder;

  std::atomic<bool> cancelled{false};
  std::mutex mutex; // guards what follows
  std::condition_variable done;
  State state = Waiting;
  Result result; // the result, if done
  moelora_staging_progress progress{};
};

} // namespace moelora

#endif // MOELORA_RUNTIME_LOAD_H
