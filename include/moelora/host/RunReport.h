// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is reported of a run: whether it is right, its times, and what the
// runtime counted.
#ifndef MOELORA_HOST_RUNREPORT_H
#define MOELORA_HOST_RUNREPORT_H

#include "moelora/host/Report.h"
#include "moelora/host/Run.h"
#include "moelora/reference/Compare.h"

namespace moelora::host {

/// `against`: what the rows were compared with, in a word.
void reportVerdict(Report &report, const reference::Verdict &verdict,
                   const char *against);

/// Of runs on so many tokens each.
void reportTimes(Report &report, const std::vector<double> &milliseconds,
                 int64_t tokens);

/// Counters of the table are of all runs since it was made; those of ids are
/// of the last run, too: `before` is what there was before it.
void reportStatistics(Report &report, const Run &run,
                      const moelora_run_stats &before,
                      const moelora_slot_table_stats &table);

} // namespace moelora::host

#endif // MOELORA_HOST_RUNREPORT_H
