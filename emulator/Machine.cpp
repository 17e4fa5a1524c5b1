/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * An emulated GPU.
 */
#include "Machine.h"

#include "base/Failure.h"

#include <cstring>
#include <iterator>
#include <system_error>
#include <thread>

using namespace moelora;
using namespace moelora::emulator;

Machine::Machine(const Options &options)
    : settings(options), memory(options.checks, options.fill) {
  if (settings.report.empty())
    return;
  report.open(settings.report, std::ios::app);
  if (!report)
    fail("expects to write the emulator's report to " + settings.report +
             ", but the file cannot be opened",
         MOELORA_IO);
}

Machine::~Machine() = default;

void Machine::write(const std::string &line) {
  std::lock_guard<std::mutex> lock(mutex);
  if (report.is_open())
    (report << line << '\n').flush();
}

void Machine::checkCopy(const void *to, const void *from,
                        uint64_t bytes) const {
  memory.require(to, bytes, "copies to");
  memory.require(from, bytes, "copies from");
}

void Machine::checkStore(const uint64_t *to) const {
  memory.require(to, sizeof *to, "stores to");
}

void Machine::copy(void *to, const void *from, uint64_t bytes) {
  Memory::Use use(memory);
  const Allocation *target = memory.require(to, bytes, "copies to");
  const Allocation *source = memory.require(from, bytes, "copies from");
  std::memmove(to, from, bytes);
  auto offset = [](const Allocation *in, const void *pointer) {
    return reinterpret_cast<uintptr_t>(pointer) - in->begin;
  };
  if (target && target->shadow)
    target->shadow->markWritten(offset(target, to), bytes);
  if (!source || !source->shadow || target)
    return;
  uint64_t count = source->shadow->countUnwritten(offset(source, from), bytes);
  unwritten += count;
  if (count)
    write(toJson(UnwrittenCopy{bytes, count}));
}

void Machine::store(uint64_t *to, uint64_t value) {
  Memory::Use use(memory);
  const Allocation *target = memory.require(to, sizeof value, "stores to");
  __atomic_store_n(to, value, __ATOMIC_RELEASE);
  if (target && target->shadow)
    target->shadow->markWritten(reinterpret_cast<uintptr_t>(to) - target->begin,
                                sizeof value);
}

void Machine::checkLaunch(const moelora_emulated_kernel &kernel,
                          const moelora_launch &shape) const {
  checkShape(shape, settings);
  if (shape.parameter_bytes != kernel.parameter_bytes)
    fail(std::string("expects the parameters of kernel ") + kernel.name +
         " to take " + std::to_string(kernel.parameter_bytes) +
         " bytes, but they take " + std::to_string(shape.parameter_bytes));
}

Machine::Workers Machine::takeWorkers(uint64_t count) {
  std::lock_guard<std::mutex> lock(mutex);
  Workers taken;
  for (uint64_t i = 0; i < count; ++i) {
    if (idle.empty()) {
      taken.push_back(std::make_unique<Worker>());
    } else {
      taken.push_back(std::move(idle.back()));
      idle.pop_back();
    }
  }
  return taken;
}

/// Starts all workers but the first one. If the system cannot start as many
/// threads, the others do their work.
static std::vector<std::thread>
startWorkers(const std::vector<std::unique_ptr<Worker>> &workers,
             Launch &launch) {
  std::vector<std::thread> threads;
  try {
    for (size_t i = 1; i < workers.size(); ++i)
      threads.emplace_back([&, i] { workers[i]->run(launch, i); });
  } catch (const std::system_error &) {
    return threads;
  }
  return threads;
}

Counts Machine::run(Launch &launch) {
  Workers workers =
      takeWorkers(std::min<uint64_t>(workersOf(launch.options), launch.blocks));
  std::vector<std::thread> threads = startWorkers(workers, launch);
  workers[0]->run(launch, 0);
  for (std::thread &thread : threads)
    thread.join();
  Counts sums;
  for (size_t i = 0; i <= threads.size(); ++i)
    sums.add(workers[i]->counts());
  std::lock_guard<std::mutex> lock(mutex);
  std::move(workers.begin(), workers.end(), std::back_inserter(idle));
  return sums;
}

Report Machine::launch(const moelora_emulated_kernel &kernel,
                       const moelora_launch &shape) {
  checkLaunch(kernel, shape);
  Memory::Use use(memory);
  Launch launch(kernel, shape, settings, memory, launches++);
  Report done;
  done.kernel = kernel.name;
  std::copy_n(shape.grid, 3, done.grid);
  std::copy_n(shape.block, 3, done.block);
  done.sharedBytes = shape.shared_bytes;
  done.number = launch.number;
  done.counts = run(launch);
  done.fault = launch.fault();
  memory.eachShadow([&](GlobalShadow &shadow) {
    GlobalShadow::Sectors sectors = shadow.takeSectors();
    done.counts.loadSectors += sectors.loaded;
    done.counts.storeSectors += sectors.stored;
  });
  write(toJson(done));
  return done;
}
