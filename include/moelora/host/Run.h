// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs a compiled layer.
#ifndef MOELORA_HOST_RUN_H
#define MOELORA_HOST_RUN_H

#include "moelora/host/Adapters.h"
#include "moelora/host/Inputs.h"

#include "moelora/runtime/Program.h"
#include "moelora/runtime/Run.h"

namespace moelora::host {

inline void endProgram(moelora_program *program) {
  moelora_program_destroy(program, nullptr);
}
inline void unbind(moelora_bound_layer *layer) {
  moelora_layer_unbind(layer, nullptr);
}

/// A layer that is bound to its weights and its slot table, all of which are
/// borrowed.
class BoundLayer {
public:
  BoundLayer(const moelora_artifact &artifact, int number,
             const Weights &weights, const SlotTable &table,
             const moelora_services &services);

  const moelora_bound_layer *get() const { return layer.get(); }
  uint64_t outputBytes(int64_t tokens) const;

private:
  Handle<moelora_program, endProgram> program;
  Handle<moelora_bound_layer, unbind> layer;
};

/// Runs one batch on a layer any number of times, with one output and one
/// workspace. Borrows the layer, the inputs and the table.
class Run {
public:
  Run(const BoundLayer &layer, moelora_entry_kind entry, const Inputs &inputs,
      const SlotTable &table);

  /// Resolves the ids and runs the layer, as in a model of this one layer.
  void run();

  Buffer output; ///< [T, H], layer's type
  uint64_t workspaceBytes() const { return workspace.bytes(); }
  /// The counters of the last run. The table counts the ids.
  const moelora_run_stats &stats() const { return last; }

private:
  const BoundLayer &layer;
  Buffer workspace;
  Step step;
  moelora_run arguments;
  moelora_run_stats last = {};
};

} // namespace moelora::host

#endif // MOELORA_HOST_RUN_H
