// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The memory of adapters of different ranks, compared with slots that all have
// space for the largest rank.

#include "AdapterFile.h"
#include "Runtime.h"

namespace moelora::bench {
namespace {

// Qwen3-30B-A3B. One layer instead of 48: all figures are proportional to the
// layers, and 48 of them would need 100 GB.
constexpr int64_t layers = 1, hidden = 2048, intermediate = 768;
constexpr int32_t ranks[] = {8, 16, 32, 64};
constexpr int32_t maxRank = 64, adaptersPerRank = 8;
constexpr int32_t adapters = adaptersPerRank * int32_t(std::size(ranks));

constexpr double perDense = 0.55, perRounded = 1.02;

int32_t roundedUp(int32_t rank) {
  return (rank + MOELORA_PAGE_RANKS - 1) / MOELORA_PAGE_RANKS *
         MOELORA_PAGE_RANKS;
}

Workload workloadOf(const RuntimeOptions &options) {
  return Workload(layers, options.experts, hidden, intermediate);
}

} // namespace

uint64_t memoryForMemory(const RuntimeOptions &options) {
  uint64_t sum = 0;
  for (int32_t rank : ranks)
    sum += static_cast<uint64_t>(roundedUp(rank) * adaptersPerRank);
  return workloadOf(options).elementsOfRank() * sum * sizeof(uint16_t);
}

void measureMemory(const RuntimeOptions &options, Figures &figures) {
  Workload workload = workloadOf(options);
  figures.begin("memory", std::to_string(adapters) +
                              " adapters, 8 each of ranks 8, 16, 32 and 64, "
                              "bf16, one layer of " +
                              std::to_string(options.experts) + " experts");
  host::TableHandle table = workload.makeTable(adapters, maxRank);
  double bytesOfRank = double(workload.elementsOfRank()) * sizeof(uint16_t);
  double exact = 0, rounded = 0;
  for (int32_t number = 0; number < adapters; ++number) {
    int32_t rank = ranks[number % int32_t(std::size(ranks))], id = -1;
    host::AdapterHandle adapter = workload.makeZeros(rank);
    host::call(moelora_slot_table_assign, table.get(),
               std::to_string(number).c_str(), adapter.get(), nullptr, &id);
    exact += bytesOfRank * rank;
    rounded += bytesOfRank * roundedUp(rank);
  }
  double held = double(host::statsOf(table.get()).held.bytes);
  double dense = bytesOfRank * maxRank * adapters;
  constexpr double mebibyte = 1 << 20;
  figures.add("held", held / mebibyte, "MiB");
  figures.add("ranks as they are", exact / mebibyte, "MiB");
  figures.add("ranks rounded up to 16", rounded / mebibyte, "MiB");
  figures.add("slots of rank 64", dense / mebibyte, "MiB");
  figures.add("held / slots of rank 64", held / dense, "", perDense);
  figures.add("held / ranks rounded up to 16", held / rounded, "", perRounded);
}

} // namespace moelora::bench
