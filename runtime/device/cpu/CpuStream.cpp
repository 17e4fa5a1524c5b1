/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The stream's thread takes the whole queue at once and replaces it by an empty
 * one.
 */
#include "device/cpu/CpuStream.h"

using namespace moelora;

CpuStream::CpuStream()
    : progress(std::make_shared<Progress>()), thread([this] { run(); }) {}

CpuStream::~CpuStream() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    stopping = true;
  }
  changed.notify_one();
  thread.join();
}

template <typename Add> void CpuStream::ask(uint64_t count, Add add) {
  {
    std::lock_guard<std::mutex> lock(mutex);
    add();
    position += count;
  }
  changed.notify_one();
}

void CpuStream::add(const CpuWork &work) {
  ask(1, [&] { queue.add(work); });
}

void CpuStream::addLaunches(const moelora_launch *launches, uint32_t count) {
  ask(count, [&] { queue.addLaunches(launches, count); });
}

CpuMoment CpuStream::now() const {
  std::lock_guard<std::mutex> lock(mutex);
  return {progress, position};
}

bool CpuStream::take(CpuQueue &taken) {
  taken.clear();
  std::unique_lock<std::mutex> lock(mutex);
  changed.wait(lock, [&] { return stopping || !queue.work.empty(); });
  std::swap(queue, taken);
  return !taken.work.empty();
}

void CpuStream::run() {
  for (CpuQueue taken; take(taken);)
    for (const CpuWork &work : taken.work) {
      runCpuWork(work, taken.parameters.data());
      progress->advance();
    }
}
