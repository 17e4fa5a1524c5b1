// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/host/RunReport.h"

#include "moelora/host/Times.h"

namespace moelora::host {

void reportVerdict(Report &report, const reference::Verdict &verdict,
                   const char *against) {
  bool compared = verdict.rows > 0;
  report.add(Report::Always, "compared_with", compared ? against : "nothing");
  report.add(Report::Always, "rows_compared", verdict.compared);
  if (!compared)
    return;
  if (verdict.undecided)
    report.add(Report::Always, "rows_left_out_as_near_ties", verdict.undecided);
  report.add(Report::Always, "worst_error_per_bound", verdict.worst);
  report.add(Report::Always, "right", verdict.right());
  auto detail = verdict.right() ? Report::Statistics : Report::Always;
  report.add(detail, "worst_token", verdict.token);
  report.add(detail, "worst_column", verdict.column);
  report.add(detail, "worst_found", verdict.found);
  report.add(detail, "worst_wanted", verdict.wanted);
}

void reportTimes(Report &report, const std::vector<double> &milliseconds,
                 int64_t tokens) {
  double middle = median(milliseconds);
  report.add(Report::Always, "median_ms", middle);
  report.add(Report::Always, "min_ms", quantile(milliseconds, 0));
  report.add(Report::Always, "tokens_per_second",
             middle > 0 ? double(tokens) / middle * 1000 : 0.0);
}

void reportStatistics(Report &report, const Run &run,
                      const moelora_run_stats &before,
                      const moelora_slot_table_stats &table) {
  report.add(Report::Statistics, "workspace_bytes", run.workspaceBytes());
  report.add(Report::Statistics, "masked_slots",
             table.runs.masked_slots - before.masked_slots);
  report.add(Report::Statistics, "stale_slots",
             table.runs.stale_slots - before.stale_slots);
  report.add(Report::Statistics, "dropped_pairs", run.stats().dropped_pairs);
  const std::pair<const char *, uint64_t> counts[] = {
      {"slots", uint64_t(table.slots)},
      {"slots_used", uint64_t(table.used_slots)},
      {"slots_leased", uint64_t(table.leased_slots)},
      {"slot_table_bytes", table.held.bytes},
      {"slot_table_index_bytes", table.held.index_bytes},
      {"slot_table_page_bytes", table.held.page_bytes},
      {"slot_table_exact_bytes", table.held.exact_bytes},
      {"slot_table_pages", table.held.pages},
      {"slot_table_read_bytes", table.read_bytes},
      {"slot_hits", table.hits},
      {"slot_misses", table.misses},
      {"slot_loads", table.loads},
      {"slot_replaced", table.replaced},
      {"slot_failed_loads", table.failed_loads},
      {"slot_evictions", table.evictions},
      {"ids_masked", table.runs.masked_slots},
      {"ids_stale", table.runs.stale_slots}};
  for (const auto &[key, value] : counts)
    report.add(Report::Statistics, key, value);
  constexpr double nsPerMs = 1e6, nsPerUs = 1e3;
  report.add(Report::Statistics, "load_stage_ms",
             double(table.stage_ns) / nsPerMs);
  report.add(Report::Statistics, "load_stage_longest_ms",
             double(table.longest_stage_ns) / nsPerMs);
  report.add(Report::Statistics, "load_publish_us",
             double(table.publish_ns) / nsPerUs);
  report.add(Report::Statistics, "load_publish_longest_us",
             double(table.longest_publish_ns) / nsPerUs);
}

} // namespace moelora::host
