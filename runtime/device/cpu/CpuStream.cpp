/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The stream's thread takes the whole queue at a time and leaves an empty one.
 */
#include "device/cpu/CpuStream.h"

#include <cstddef>
#include <cstring>

using namespace moelora;

void Progress::await(uint64_t position) {
  std::unique_lock<std::mutex> lock(mutex);
  changed.wait(lock, [&] { return reached(position); });
}

void Progress::advance() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    ++done;
  }
  changed.notify_all();
}

namespace {

/// One function for each kind of work.
struct Runner {
  const char *parameters;

  void operator()(const CpuCopy &copy) const {
    std::memcpy(copy.to, copy.from, copy.bytes);
  }
  void operator()(const CpuStore &store) const {
    __atomic_store_n(store.to, store.value, __ATOMIC_RELEASE);
  }
  void operator()(const CpuLaunch &call) const {
    moelora_launch launch = call.launch;
    launch.parameters = parameters + call.parameters;
    runCpuKernel(launch);
  }
  void operator()(const CpuMoment &moment) const { moment.await(); }
};

} // namespace

void moelora::runCpuKernel(const moelora_launch &launch) {
  // A kernel of the cpu is its function.
  reinterpret_cast<moelora_host_kernel>(
      const_cast<moelora_kernel *>(launch.kernel))(&launch);
}

void moelora::runCpuWork(const CpuWork &work, const char *parameters) {
  std::visit(Runner{parameters}, work);
}

void CpuQueue::add(const CpuWork &item) { work.push_back(item); }

void CpuQueue::addLaunch(const moelora_launch &launch) {
  // Any field of the parameters is aligned as it was.
  constexpr size_t alignment = alignof(std::max_align_t);
  size_t offset = (parameters.size() + alignment - 1) / alignment * alignment;
  auto *first = static_cast<const char *>(launch.parameters);
  parameters.resize(offset);
  parameters.insert(parameters.end(), first, first + launch.parameter_bytes);
  work.emplace_back(CpuLaunch{launch, offset});
}

void CpuQueue::clear() {
  work.clear();
  parameters.clear();
}

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

template <typename Add> void CpuStream::ask(Add add) {
  {
    std::lock_guard<std::mutex> lock(mutex);
    add();
    ++position;
  }
  changed.notify_one();
}

void CpuStream::add(const CpuWork &work) {
  ask([&] { queue.add(work); });
}

void CpuStream::addLaunch(const moelora_launch &launch) {
  ask([&] { queue.addLaunch(launch); });
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
