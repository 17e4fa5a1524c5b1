/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A stream of the cpu: a thread that does one thing after the other.
 *
 *     asked for   copy  store  launch  wait  copy       position 5
 *     done        copy  store                           progress 2
 *
 * An event is a stream's progress and a position in it, and has passed when the
 * one has reached the other. So recording an event costs the stream nothing,
 * recording it again does not disturb whoever waits for the earlier position,
 * and an event may outlive the stream.
 */
#ifndef MOELORA_DEVICE_CPUSTREAM_H
#define MOELORA_DEVICE_CPUSTREAM_H

#include "moelora/runtime/Device.h"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

namespace moelora {

/// How many things a stream has done. It only grows.
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

/// A place in a stream; a new one has been reached.
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

/// What has been asked for and not begun. It keeps its memory when it is
/// emptied, so that a stream soon allocates no more.
struct CpuQueue {
  std::vector<CpuWork> work;
  std::vector<char> parameters;

  void add(const CpuWork &work);
  void addLaunch(const moelora_launch &launch);
  void clear();
};

/// Does it on the calling thread. `parameters` is that of its queue.
void runCpuWork(const CpuWork &work, const char *parameters);
void runCpuKernel(const moelora_launch &launch);

class CpuStream {
public:
  /// Throws std::system_error where there are no more threads.
  CpuStream();
  /// Waits for what is on it.
  ~CpuStream();

  /// Each adds all of its work or, without memory, none.
  void add(const CpuWork &work);
  void addLaunch(const moelora_launch &launch);

  /// After all that has been asked for up to now.
  CpuMoment now() const;

private:
  template <typename Add> void ask(Add add);
  void run();
  /// Waits for work; none is left when the stream ends.
  bool take(CpuQueue &taken);

  const std::shared_ptr<Progress> progress;
  mutable std::mutex mutex;
  std::condition_variable changed;
  CpuQueue queue;
  uint64_t position = 0;
  bool stopping = false;
  std::thread thread; // starts when everything else is there
};

} // namespace moelora

#endif // MOELORA_DEVICE_CPUSTREAM_H
