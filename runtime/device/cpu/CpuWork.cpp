/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "device/cpu/CpuWork.h"

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
  // The copy preserves the alignment of all fields of the parameters.
  constexpr size_t alignment = alignof(std::max_align_t);
  size_t offset = (parameters.size() + alignment - 1) / alignment * alignment;
  auto *first = static_cast<const char *>(launch.parameters);
  parameters.resize(offset);
  parameters.insert(parameters.end(), first, first + launch.parameter_bytes);
  work.emplace_back(CpuLaunch{launch, offset});
}

void CpuQueue::addLaunches(const moelora_launch *launches, uint32_t count) {
  size_t before = work.size();
  try {
    for (uint32_t i = 0; i < count; ++i)
      addLaunch(launches[i]);
  } catch (...) {
    work.resize(before);
    throw;
  }
}

void CpuQueue::clear() {
  work.clear();
  parameters.clear();
}
