// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the measurements of the runtime have in common: errors of its C
// interface, owners of its handles, and times.
#ifndef MOELORA_TOOLS_BENCH_RUNTIMESUPPORT_H
#define MOELORA_TOOLS_BENCH_RUNTIMESUPPORT_H

#include "moelora/runtime/SlotStats.h"
#include "moelora/runtime/Step.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace moelora::bench {

/// Calls a function of the C interface, whose last argument is its error, and
/// throws what it answers.
template <typename Function, typename... Arguments>
void call(Function function, Arguments... arguments) {
  moelora_error *error = nullptr;
  if (function(arguments..., &error) == MOELORA_OK)
    return;
  std::string text = moelora_error_text(error);
  moelora_error_free(error);
  throw std::runtime_error(text);
}

template <auto Close> struct Closer {
  template <typename T> void operator()(T *handle) const { Close(handle); }
};
using Adapter = std::unique_ptr<moelora_adapter, Closer<moelora_adapter_close>>;
inline void endTable(moelora_slot_table *table) {
  moelora_slot_table_destroy(table, nullptr);
}
inline void endStep(moelora_step *step) { moelora_step_destroy(step, nullptr); }
using Table = std::unique_ptr<moelora_slot_table, Closer<endTable>>;
using Step = std::unique_ptr<moelora_step, Closer<endStep>>;

/// Row-major pages of bf16 on the cpu.
inline Table makeTable(const moelora_adapter_target &target, int32_t slots,
                       int32_t maxRank) {
  moelora_slot_table_options options = {};
  options.size = sizeof options;
  options.target = &target;
  options.size = sizeof options;
  options.slots = slots;
  options.max_rank = maxRank;
  options.dtype = MOELORA_BF16;
  options.page_order = MOELORA_PAGE_ROW_MAJOR;
  moelora_slot_table *table = nullptr;
  call(moelora_slot_table_create, &options, &table);
  return Table(table);
}

inline moelora_slot_table_stats statsOf(const Table &table) {
  moelora_slot_table_stats stats = {};
  stats.size = sizeof stats;
  call(moelora_slot_table_read_stats, table.get(), &stats);
  return stats;
}

template <typename Work> double secondsOf(Work work) {
  auto begin = std::chrono::steady_clock::now();
  work();
  std::chrono::duration<double> passed =
      std::chrono::steady_clock::now() - begin;
  return passed.count();
}

/// The value that this share of all is not above; 0.5: the median.
inline double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(share * double(values.size() - 1))];
}
inline double median(const std::vector<double> &values) {
  return quantile(values, 0.5);
}

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_RUNTIMESUPPORT_H
