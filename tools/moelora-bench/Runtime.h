// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Measurements of the runtime around a layer, with one function per section of
// the table. They throw the errors of the runtime.
#ifndef MOELORA_TOOLS_BENCH_RUNTIME_H
#define MOELORA_TOOLS_BENCH_RUNTIME_H

#include "Figures.h"
#include "Options.h"
#include "moelora/runtime/Abi.h"

namespace moelora::bench {

/// The memory in bytes that two of the measurements need.
uint64_t memoryForLoading(const RuntimeOptions &options);
uint64_t memoryForMemory(const RuntimeOptions &options);

/// Loading large adapters from files in the page cache, compared with memcpy.
void measureLoading(const RuntimeOptions &options,
                    const moelora_services &services, Figures &figures);

/// Replacing and assigning small adapters: how long publishing takes.
void measurePublishing(const RuntimeOptions &options, Figures &figures);

/// Resolving the ids of a batch with tables of several sizes.
void measureResolving(const RuntimeOptions &options, Figures &figures);

/// acquire and release.
void measureLeases(const RuntimeOptions &options, Figures &figures);

/// The memory of many adapters of different ranks, compared with slots of equal
/// size.
void measureMemory(const RuntimeOptions &options, Figures &figures);

/// All measurements: prints a table, and writes JSON if requested.
void runRuntime(const RuntimeOptions &options);

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_RUNTIME_H
