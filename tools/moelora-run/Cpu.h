// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Running the compiled layer.
#ifndef MOELORA_RUN_CPU_H
#define MOELORA_RUN_CPU_H

#include "Adapters.h"
#include "Inputs.h"

#include "moelora/runtime/Program.h"

namespace moelora::run {

/// A layer with its weights and its slot table. Borrows all of them.
class BoundLayer {
public:
  BoundLayer(const moelora_artifact &artifact, int number,
             const Weights &weights, const SlotTable &table,
             const moelora_services &services);
  ~BoundLayer();
  BoundLayer(const BoundLayer &) = delete;

  const moelora_bound_layer *get() const { return layer; }
  uint64_t outputBytes(int64_t tokens) const;

private:
  moelora_program *program = nullptr;
  moelora_bound_layer *layer = nullptr;
};

struct CpuRun {
  Buffer output; // [T, H], layer's type
  uint64_t workspaceBytes = 0;
  moelora_run_stats stats = {}; // of one run
  std::vector<double> milliseconds;
};

/// Runs `repeat` times; before more than one, once more to warm up.
CpuRun runOnCpu(const BoundLayer &layer, const Options &options,
                const Inputs &inputs, const SlotTable &table);

} // namespace moelora::run

#endif // MOELORA_RUN_CPU_H
