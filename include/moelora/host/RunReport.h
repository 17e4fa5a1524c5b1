// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adds the results of runs to a report: correctness, times, and the counters of
// the runtime.
#ifndef MOELORA_HOST_RUNREPORT_H
#define MOELORA_HOST_RUNREPORT_H

#include "moelora/host/Report.h"
#include "moelora/host/Run.h"
#include "moelora/reference/Compare.h"

namespace moelora::host {

/// Reports whether the compared rows are right. `against` is the name of what
/// they were compared with.
void reportVerdict(Report &report, const reference::Verdict &verdict,
                   const char *against);

/// Reports the times of runs on `tokens` tokens each. `milliseconds` has one
/// time for each run and must not be empty.
void reportTimes(Report &report, const std::vector<double> &milliseconds,
                 int64_t tokens);

/// Reports the counters of the slot table, which cover all runs since the table
/// was created. The numbers of masked and stale slots are also reported for the
/// last run; `before` are the counters before that run.
void reportStatistics(Report &report, const Run &run,
                      const moelora_run_stats &before,
                      const moelora_slot_table_stats &table);

} // namespace moelora::host

#endif // MOELORA_HOST_RUNREPORT_H
