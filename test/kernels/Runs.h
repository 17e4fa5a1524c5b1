// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The runs of a layer with one set of data: as it is, without a step and
// outside of one, with ids and numbers of valid tokens that are invalid, with
// scores of zero, with an adapter that lacks a projection, and with rows and
// adapters that are not finite.
#ifndef MOELORA_TEST_KERNELS_RUNS_H
#define MOELORA_TEST_KERNELS_RUNS_H

#include "differential/Run.h"

namespace moelora::kernels {

using differential::Bytes;
using differential::Case;
using differential::Data;

/// Gets what a run returns: rows, what it counts, and what ids resolve to.
/// Returns whether there are to be more runs.
using RunVisit = llvm::function_ref<bool(const char *what, Bytes)>;

/// Runs on the emulator, with at most `blocks` thread blocks in a launch.
/// Throws a host::Error after a fault.
void runAll(const Case &c, const Data &data, uint32_t blocks,
            const moelora_artifact &artifact, RunVisit visit);

} // namespace moelora::kernels

#endif // MOELORA_TEST_KERNELS_RUNS_H
