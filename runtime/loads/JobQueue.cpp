/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The queue's thread. No lock is held while a job runs or is destroyed.
 */
#include "loads/JobQueue.h"

using namespace moelora;

JobQueue::JobQueue() : thread([this] { work(); }) {}

JobQueue::~JobQueue() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    stopping = true;
    for (const std::shared_ptr<Job> &job : jobs)
      job->cancel();
    changed.notify_one();
  }
  thread.join();
}

void JobQueue::add(std::shared_ptr<Job> job) {
  std::lock_guard<std::mutex> lock(mutex);
  jobs.push_back(std::move(job));
  changed.notify_one();
}

void JobQueue::work() {
  std::unique_lock<std::mutex> lock(mutex);
  for (;;) {
    changed.wait(lock, [this] { return stopping || !jobs.empty(); });
    if (jobs.empty())
      return;
    std::shared_ptr<Job> job = jobs.front();
    lock.unlock();
    job->run();
    lock.lock();
    jobs.pop_front();
    lock.unlock();
    job.reset();
    lock.lock();
  }
}
