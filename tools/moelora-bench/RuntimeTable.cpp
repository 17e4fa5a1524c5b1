// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The cost of operations on a table. The adapters are small, because their size
// has no effect here.

#include "AdapterFile.h"
#include "Runtime.h"

#include "moelora/host/Times.h"

#include <optional>

using namespace moelora::host;

namespace moelora::bench {
namespace {

constexpr double publishUs = 5;
// Two tables count as equally fast within this factor, by which the same
// measurement varies on a busy machine.
constexpr double flat = 1.5;
constexpr int32_t rank = 16;
constexpr int64_t largeBatch = 256;

const Workload &smallWorkload() {
  static const Workload workload(/*layers=*/2, /*experts=*/4, /*hidden=*/64,
                                 /*intermediate=*/32);
  return workload;
}

std::string nameOf(int32_t slot) { return "adapter-" + std::to_string(slot); }

/// A table whose slots are all taken.
class FullTable {
public:
  explicit FullTable(int32_t slots)
      : table(smallWorkload().makeTable(slots, rank)) {
    AdapterHandle adapter = smallWorkload().makeZeros(rank);
    for (int32_t slot = 0; slot < slots; ++slot) {
      int32_t id = -1;
      call(moelora_slot_table_assign, table.get(), nameOf(slot).c_str(),
           adapter.get(), nullptr, &id);
      ids.push_back(id);
    }
  }

  TableHandle table;
  std::vector<int32_t> ids;
};

/// A batch whose ids are resolved over and over.
class Batch {
public:
  Batch(const FullTable &full, int64_t tokens, bool all)
      : tokens(tokens), step(full.table.get(), idsOf(full, tokens, all)) {}

  /// Nanoseconds of one resolution.
  double measure() {
    constexpr int64_t idsPerMeasurement = 1 << 18;
    int64_t runs = idsPerMeasurement / tokens;
    double seconds = secondsOf([&] {
      for (int64_t run = 0; run < runs; ++run)
        step.resolve();
    });
    return seconds * 1e9 / double(runs);
  }

private:
  static std::vector<int32_t> idsOf(const FullTable &full, int64_t tokens,
                                    bool all) {
    auto count = static_cast<int32_t>(full.ids.size());
    std::vector<int32_t> ids =
        reference::randomIds(tokens, all ? count : 1, /*seed=*/1);
    for (int32_t &id : ids)
      id = full.ids[static_cast<size_t>(all ? id : count / 2)];
    return ids;
  }

  int64_t tokens;
  Step step;
};

/// Measures several tables in turns, so that a machine that becomes slower does
/// not favour any.
void compareTables(const std::vector<FullTable> &tables, int64_t tokens,
                   bool all, int64_t repeat, Figures &figures) {
  std::vector<Batch> batches;
  for (const FullTable &table : tables)
    batches.emplace_back(table, tokens, all);
  std::vector<std::vector<double>> times(tables.size());
  for (int64_t run = 0; run < repeat; ++run)
    for (size_t i = 0; i < batches.size(); ++i)
      times[i].push_back(batches[i].measure());
  std::string name = std::to_string(tokens) + " tokens, " +
                     (all ? "all adapters" : "one adapter");
  std::vector<double> medians;
  for (size_t i = 0; i < batches.size(); ++i) {
    medians.push_back(median(times[i]));
    figures.add(name + " of " + std::to_string(tables[i].ids.size()),
                medians.back(), "ns");
  }
  auto [least, most] = std::minmax_element(medians.begin(), medians.end());
  // Each resolution copies the directory, so the time for a small batch
  // increases with the table. For a large batch it must not matter.
  std::optional<double> aim;
  if (tokens >= largeBatch && !all)
    aim = flat;
  figures.add(name + ": slowest / fastest", *most / *least, "", aim);
}

void addPublishing(const std::string &name, const std::vector<double> &us,
                   Figures &figures) {
  figures.add(name + ", median", median(us), "us", publishUs);
  figures.add(name + ", 99 of 100", quantile(us, 0.99), "us", publishUs);
  figures.add(name + ", worst", quantile(us, 1), "us", publishUs);
}

} // namespace

void measurePublishing(const RuntimeOptions &options, Figures &figures) {
  constexpr int64_t changesPerRun = 250;
  constexpr double nsPerUs = 1e3;
  int64_t changes = options.repeat * changesPerRun;
  figures.begin("publishing", "from staged to servable, small adapters, " +
                                  std::to_string(changes) + " times");
  AdapterHandle adapter = smallWorkload().makeZeros(rank);
  FullTable full(2);
  std::vector<double> replaced, assigned;
  auto note = [&](std::vector<double> &us) {
    us.push_back(double(statsOf(full.table.get()).publish_ns) / nsPerUs);
  };
  for (int64_t change = 0; change < changes; ++change) {
    call(moelora_slot_table_replace, full.table.get(), full.ids[0],
         adapter.get(), nullptr, nullptr);
    note(replaced);
    call(moelora_slot_table_evict, full.table.get(), full.ids[1]);
    call(moelora_slot_table_assign, full.table.get(), "new", adapter.get(),
         nullptr, &full.ids[1]);
    note(assigned);
  }
  addPublishing("replace", replaced, figures);
  addPublishing("assign", assigned, figures);
}

void measureResolving(const RuntimeOptions &options, Figures &figures) {
  figures.begin("resolving", "ids of a batch to slots, tables of 1, 32 and 256 "
                             "adapters");
  std::vector<FullTable> tables;
  for (int32_t slots : {1, 32, 256})
    tables.emplace_back(slots);
  for (bool all : {false, true})
    for (int64_t tokens : {1, 16, 256})
      compareTables(tables, tokens, all, options.repeat, figures);
}

void measureLeases(const RuntimeOptions &options, Figures &figures) {
  constexpr int32_t adapters = 32;
  constexpr int64_t pairsPerRun = 20000;
  figures.begin("leases", "acquire and release, " + std::to_string(adapters) +
                              " adapters in turn, one thread");
  FullTable full(adapters);
  std::vector<std::string> names;
  for (int32_t slot = 0; slot < adapters; ++slot)
    names.push_back(nameOf(slot));
  std::vector<double> times;
  for (int64_t run = 0; run < options.repeat; ++run)
    times.push_back(secondsOf([&] {
                      for (int64_t i = 0; i < pairsPerRun; ++i) {
                        moelora_lease lease = {};
                        call(moelora_slot_table_acquire, full.table.get(),
                             names[i % adapters].c_str(), &lease);
                        const moelora_lease *out = &lease;
                        call(moelora_slot_table_release, full.table.get(), out);
                      }
                    }) *
                    1e9 / double(pairsPerRun));
  figures.add("acquire and release", median(times), "ns");
}

} // namespace moelora::bench
