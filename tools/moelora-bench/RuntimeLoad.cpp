// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compares loading a large adapter with copying the same number of bytes in
// memory on one thread. Both are timed in turns and in alternating order, so
// that a machine that becomes slower does not favour either side.

#include "AdapterFile.h"
#include "Runtime.h"
#include "moelora/host/Machine.h"
#include "moelora/host/Times.h"

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>

using namespace moelora::host;

namespace moelora::bench {
namespace {

// With 48 layers of 128 experts these sizes make 1 GiB of bf16.
constexpr int64_t hidden = 1024, intermediate = 800;
constexpr int32_t rank = 16;

// Both sides of the copy, the adapter in the table, the file in the page cache,
// which is twice as large in f32, and one more for everything else.
constexpr uint64_t memoryPerByte = 6;

constexpr double openAndPlanMs = 100, loadPerCopy = 1.3;
constexpr double msPerSecond = 1e3;

struct Case {
  const char *name;
  adapters::Form form;
  moelora_dtype dtype;
  bool aimed; // the one with targets
};

/// Seconds of each step, one value a run.
struct Times {
  std::vector<double> open, plan, copy;
  struct Load {
    std::vector<double> whole, assign; // whole: open and assign
  } allThreads, oneThread;
};

/// A copy on one thread between buffers that have been written before.
class Copy {
public:
  explicit Copy(uint64_t bytes) : from(bytes), to(bytes) {
    for (const Buffer *buffer : {&from, &to})
      std::memset(buffer->data(), 1, bytes);
  }

  /// Copies this number of bytes, repeating the buffer if it is smaller.
  void run(uint64_t bytes) const {
    for (uint64_t part; bytes > 0; bytes -= part) {
      part = std::min(bytes, from.bytes());
      std::memcpy(to.data(), from.data(), part);
    }
  }

private:
  Buffer from, to;
};

class Loading {
public:
  Loading(const std::string &folder, const Workload &workload,
          const moelora_services &services)
      : folder(folder), target(workload.target()), services(services),
        table(workload.makeTable(1, rank)) {}

  /// Times loading an adapter, from a closed file until it is published.
  void run(const moelora_services *copiers, Times::Load &times) {
    auto staging = sized<moelora_staging>();
    staging.services = copiers;
    int32_t id = -1;
    times.whole.push_back(secondsOf([&] {
      AdapterHandle adapter = open();
      times.assign.push_back(secondsOf([&] {
        call(moelora_slot_table_assign, table.get(), "large", adapter.get(),
             &staging, &id);
      }));
    }));
    call(moelora_slot_table_evict, table.get(), id);
  }

  void runSteps(Times &times) {
    AdapterHandle adapter;
    times.open.push_back(secondsOf([&] { adapter = open(); }));
    moelora_slot_cost cost = {};
    times.plan.push_back(secondsOf([&] {
      call(moelora_slot_table_estimate, table.get(), adapter.get(), &cost);
    }));
  }

  /// Times a load and then a copy, or in the other order if `swap`.
  void runTurn(const Copy &copy, uint64_t bytes, bool swap, Times &times) {
    auto ours = [&] {
      run(&services, times.allThreads);
      run(nullptr, times.oneThread);
    };
    if (!swap)
      ours();
    times.copy.push_back(secondsOf([&] { copy.run(bytes); }));
    if (swap)
      ours();
    runSteps(times);
  }

private:
  AdapterHandle open() const { return openAdapter(folder, target); }

  std::string folder;
  moelora_adapter_target target;
  const moelora_services &services;
  TableHandle table;
};

void reportLoad(const std::string &name, const Times::Load &times, double copy,
                std::optional<double> aim, Figures &figures) {
  double whole = median(times.whole), assign = median(times.assign);
  figures.add(name + ": load of an open adapter", assign * msPerSecond, "ms");
  figures.add(name + ": load / memcpy", assign / copy, "", aim);
  figures.add(name + ": open and load", whole * msPerSecond, "ms");
  figures.add(name + ": open and load / memcpy", whole / copy, "", aim);
}

void report(const Case &which, uint64_t bytes, const Times &times,
            Figures &figures) {
  constexpr double gigabyte = 1e9;
  auto aim = [&](double value) {
    return which.aimed ? std::optional<double>(value) : std::nullopt;
  };
  std::string name = which.name;
  double open = median(times.open), plan = median(times.plan);
  double copy = median(times.copy);
  figures.add(name + ": size", double(bytes) / gigabyte, "GB");
  figures.add(name + ": open", open * msPerSecond, "ms");
  figures.add(name + ": plan", plan * msPerSecond, "ms");
  figures.add(name + ": open and plan", (open + plan) * msPerSecond, "ms",
              aim(openAndPlanMs));
  figures.add(name + ": memcpy, one thread", copy * msPerSecond, "ms");
  reportLoad(name + ", all threads", times.allThreads, copy, aim(loadPerCopy),
             figures);
  reportLoad(name + ", one thread", times.oneThread, copy, {}, figures);
}

void measureCase(const Case &which, const std::string &parent,
                 const Workload &workload, const Copy &copy,
                 const RuntimeOptions &options,
                 const moelora_services &services, Figures &figures) {
  adapters::DummyOptions wish;
  wish.form = which.form;
  wish.dtype = which.dtype;
  wish.ranks = {rank};
  wish.random = true;
  adapters::Dummy dummy(workload.target(), wish);
  checkRoom(parent, dummy.bytes());
  TemporaryFolder folder(TemporaryFolder::prefixIn(parent, "moelora-bench"));
  std::fprintf(stderr, "writing %s to %s\n", which.name, folder.path().c_str());
  writeSettled(folder.path(), dummy);
  auto bytes = static_cast<uint64_t>(dummy.bytes());
  Loading loading(folder.path(), workload, services);
  Times notCounted, times;
  loading.runTurn(copy, bytes, false, notCounted);
  for (int64_t run = 0; run < options.repeat; ++run)
    loading.runTurn(copy, bytes, run % 2 == 1, times);
  report(which, bytes, times, figures);
}

Workload workloadOf(const RuntimeOptions &options) {
  return Workload(options.layers, options.experts, hidden, intermediate);
}

uint64_t narrowBytes(const Workload &workload) {
  return workload.elementsOfRank() * rank * sizeof(uint16_t);
}

} // namespace

uint64_t memoryForLoading(const RuntimeOptions &options) {
  return narrowBytes(workloadOf(options)) * memoryPerByte;
}

void measureLoading(const RuntimeOptions &options,
                    const moelora_services &services, Figures &figures) {
  constexpr Case cases[] = {
      {"per expert, bf16", adapters::Form::PerExpert, MOELORA_BF16, true},
      {"packed, bf16", adapters::Form::Natural, MOELORA_BF16, false},
      {"per expert, f32", adapters::Form::PerExpert, MOELORA_F32, false}};
  Workload workload = workloadOf(options);
  figures.begin("loading", "from the page cache into pages of bf16, rank 16, " +
                               std::to_string(options.layers) + " layers of " +
                               std::to_string(options.experts) +
                               " experts; median of " +
                               std::to_string(options.repeat));
  std::string parent = options.folder;
  if (parent.empty())
    parent = std::filesystem::temp_directory_path();
  Copy copy(narrowBytes(workload));
  for (const Case &which : cases)
    measureCase(which, parent, workload, copy, options, services, figures);
}

} // namespace moelora::bench
