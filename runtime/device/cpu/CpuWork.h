/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The work of cpu streams, and its progress.
 */
#ifndef MOELORA_DEVICE_CPUWORK_H
#define MOELORA_DEVICE_CPUWORK_H

#include "moelora/runtime/Device.h"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <variant>
#include <vector>

namespace moelora {

/// The number of work items that a stream has done. It only increases.
class Progress {
public:
  bool reached(uint64_t position) const { return done >= position; }
  void await(uint64_t position);
  void advance();

private:
  std::atomic<uint64_t> done{0};
  std::mutex mutex;
  std::condition_variable changed;
};

/// A position in a stream. A new position has been reached.
struct CpuMoment {
  std::shared_ptr<Progress> progress;
  uint64_t position = 0;

  bool reached() const { return !progress || progress->reached(position); }
  void await() const {
    if (progress)
      progress->await(position);
  }
};

struct CpuCopy {
  void *to;
  const void *from;
  uint64_t bytes;
};
struct CpuStore {
  uint64_t *to;
  uint64_t value;
};
/// `parameters` is an offset into those of the queue.
struct CpuLaunch {
  moelora_launch launch;
  size_t parameters;
};
using CpuWork = std::variant<CpuCopy, CpuStore, CpuLaunch, CpuMoment>;

/// The work that has not begun. An emptied queue keeps its memory, so that a
/// stream soon stops allocating. If there is no memory for new work, the queue
/// stays unchanged.
struct CpuQueue {
  std::vector<CpuWork> work;
  std::vector<char> parameters;

  void add(const CpuWork &work);
  void addLaunches(const moelora_launch *launches, uint32_t count);
  void clear();

private:
  void addLaunch(const moelora_launch &launch);
};

/// Does the work on the calling thread. `parameters` are those of its queue.
void runCpuWork(const CpuWork &work, const char *parameters);
void runCpuKernel(const moelora_launch &launch);

} // namespace moelora

#endif // MOELORA_DEVICE_CPUWORK_H
