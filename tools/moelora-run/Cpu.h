// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Running the compiled layer.
#ifndef MOELORA_RUN_CPU_H
#define MOELORA_RUN_CPU_H

#include "Adapters.h"
#include "Inputs.h"

namespace moelora::run {

struct CpuRun {
  Buffer output; // [T, H], layer's type
  uint64_t workspaceBytes = 0;
  moelora_run_stats stats = {}; // of one run
  std::vector<double> milliseconds;
};

/// Runs `repeat` times; before more than one, once more to warm up.
CpuRun runOnCpu(const moelora_artifact &artifact, const Options &options,
                const Inputs &inputs, const Weights &weights,
                const SlotTable &table, const moelora_services &services);

} // namespace moelora::run

#endif // MOELORA_RUN_CPU_H
