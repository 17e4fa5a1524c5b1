/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A thread that runs jobs one after the other.
 */
#ifndef MOELORA_RUNTIME_JOBQUEUE_H
#define MOELORA_RUNTIME_JOBQUEUE_H

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

namespace moelora {

struct Job {
  virtual ~Job() = default;
  /// Called once on the queue's thread. Must return soon after it was
  /// cancelled.
  virtual void run() noexcept = 0;
  /// Called from any thread, at any time.
  virtual void cancel() noexcept = 0;
};

class JobQueue {
public:
  /// May throw std::system_error if the system cannot create the thread.
  JobQueue();
  /// Cancels all jobs and waits until they have ended.
  ~JobQueue();

  void add(std::shared_ptr<Job> job);

private:
  void work();

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::shared_ptr<Job>> jobs; ///< the first one is running
  bool stopping = false;
  std::thread thread;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_JOBQUEUE_H
