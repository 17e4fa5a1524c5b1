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

#include "device/cpu/CpuFork.h"
#include "device/cpu/CpuWork.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace moelora {

class CpuStream {
public:
  /// Throws std::system_error where there are no more threads.
  CpuStream();
  /// Waits for what is on it.
  ~CpuStream();

  /// Whether its thread is that of another process: nothing else may be called
  /// then, and it may not be destroyed.
  const MadeBeforeFork madeBeforeFork;

  /// Each adds all of its work or, without memory, none.
  void add(const CpuWork &work);
  void addLaunches(const moelora_launch *launches, uint32_t count);

  /// After all that has been asked for up to now.
  CpuMoment now() const;

private:
  template <typename Add> void ask(uint64_t count, Add add);
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
