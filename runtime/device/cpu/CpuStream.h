/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A stream of the cpu: a thread that does its work in order.
 *
 *     enqueued    copy  store  launch  wait  copy       position 5
 *     done        copy  store                           progress 2
 *
 * An event is a stream's progress and a position in it, and has passed when the
 * one has reached the other. Recording an event is therefore no work for the
 * stream, recording it again does not disturb a thread that waits for the
 * earlier position, and an event may outlive the stream.
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
  /// Throws std::system_error if the system cannot create the thread.
  CpuStream();
  /// Waits for all work on the stream.
  ~CpuStream();

  /// Whether the thread belongs to another process. Then no other function may
  /// be called, and the stream must not be destroyed.
  const MadeBeforeFork madeBeforeFork;

  /// Each function adds all of its work, or none of it if there is no memory.
  void add(const CpuWork &work);
  void addLaunches(const moelora_launch *launches, uint32_t count);

  /// The position after all work that was added so far.
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
  std::thread thread; // starts when all other members are initialised
};

} // namespace moelora

#endif // MOELORA_DEVICE_CPUSTREAM_H
