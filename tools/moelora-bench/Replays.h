// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef MOELORA_TOOLS_BENCH_REPLAYS_H
#define MOELORA_TOOLS_BENCH_REPLAYS_H

#include "Options.h"
#include "Problem.h"

namespace moelora::bench {

/// Captures a step with a layer into a graph, and replays it. Before each
/// replay, an adapter is loaded, replaced or evicted, and each token gets the
/// id of a present adapter, of an evicted one, or none. Each row must have the
/// bits that it has when all tokens have its adapter, and these are compared
/// with the reference. Where the device has no graphs, the work is enqueued
/// anew. Returns the counts for machines; throws an Error if a row is wrong.
host::Json replay(const Layer &layer, const Cell &cell, int64_t replays);

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_REPLAYS_H
