// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The runtime around a layer: what is measured, one function a section of the
// table. All throw what the runtime reports.
#ifndef MOELORA_TOOLS_BENCH_RUNTIME_H
#define MOELORA_TOOLS_BENCH_RUNTIME_H

#include "Figures.h"
#include "Options.h"
#include "moelora/runtime/Abi.h"

namespace moelora::bench {

/// Bytes of memory that two of them need.
uint64_t memoryForLoading(const RuntimeOptions &options);
uint64_t memoryForMemory(const RuntimeOptions &options);

/// Large adapters from files in the page cache, beside memcpy.
void measureLoading(const RuntimeOptions &options,
                    const moelora_services &services, Figures &figures);

/// Replacing and assigning small adapters: how long publishing takes.
void measurePublishing(const RuntimeOptions &options, Figures &figures);

/// Ids of a batch to slots, over tables of several sizes.
void measureResolving(const RuntimeOptions &options, Figures &figures);

/// acquire and release.
void measureLeases(const RuntimeOptions &options, Figures &figures);

/// Bytes of many adapters of different ranks, beside slots of one size.
void measureMemory(const RuntimeOptions &options, Figures &figures);

/// All of it: prints a table, writes JSON where asked.
void runRuntime(const RuntimeOptions &options);

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_RUNTIME_H
