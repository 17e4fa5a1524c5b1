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

inline void unbind(moelora_bound_layer *layer) {
  moelora_layer_unbind(layer, nullptr);
}

/// A layer that is bound to its weights, its slot table and its group, all of
/// which are borrowed.
class BoundLayer {
public:
  BoundLayer(const CompiledLayer &compiled, const Weights &weights,
             const SlotTable &table, moelora_group *group = nullptr);

  const moelora_bound_layer *get() const { return layer.get(); }
  uint64_t outputBytes(int64_t tokens) const;
  /// Those whose tokens a step of the layer resolves too.
  Peers peers(const Inputs &inputs) const;

  const CompiledLayer &compiled;

private:
  moelora_group *group;
  std::vector<OnDevice> weights;
  Handle<moelora_bound_layer, unbind> layer;
};

/// Runs one batch on a layer any number of times, with one output and one
/// workspace. Borrows the layer, the inputs, the table and the stream.
class Run {
public:
  Run(const BoundLayer &layer, moelora_entry_kind entry, const Inputs &inputs,
      const SlotTable &table, moelora_stream *stream = nullptr);

  /// Resolves the ids and runs the layer, as in a model of this one layer. The
  /// work is done on return.
  void run();
  /// The same, but adds to the counters of the last run, so that nothing is
  /// copied to the device.
  void repeat();
  /// Enqueues the work of `repeat`, which does not wait, on the stream.
  void enqueue();
  /// Overwrites the output on the device with NaN.
  void poison();
  /// Copies the results of the last run to the host, if they are not there.
  void fetch();

  Buffer output; ///< [T, H], layer's type
  Step step;     ///< of the runs; it has entered
  uint64_t workspaceBytes() const { return workspace.bytes(); }
  /// The counters of the last run. The table counts the ids.
  const moelora_run_stats &stats() const { return *last; }

private:
  const void *place(const void *data, uint64_t bytes);
  const void *place(const Operand &operand);
  moelora_run describe(moelora_entry_kind entry, const Inputs &inputs);

  const BoundLayer &layer;
  const moelora_device &device;
  Buffer workspace;
  std::unique_ptr<moelora_run_stats> last;
  std::vector<OnDevice> inputs;
  OnDevice placedOutput, placedWorkspace, placedStats;
  moelora_run arguments;
};

} // namespace moelora::host

#endif // MOELORA_HOST_RUN_H
