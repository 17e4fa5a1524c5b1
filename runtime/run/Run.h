/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The steps of a run, which runs of bound layers and calls share.
 */
#ifndef MOELORA_RUNTIME_RUN_RUN_H
#define MOELORA_RUNTIME_RUN_RUN_H

#include "moelora/runtime/Run.h"
#include "run/Program.h"

namespace moelora {

/// The largest number of operands that a run or a call provides.
constexpr size_t mostGiven = MOELORA_ROLES;

/// The data of one run that generated code receives in addition to the bound
/// layer. It is copied into a launch on streams of the host, where a graph may
/// store it.
struct LayerRun {
  const moelora_bound_layer *layer;
  moelora_run_function run;
  int64_t tokens;
  const moelora_step_view *step;
  const int32_t *peerNumbers;
  const int32_t *validTokens;
  moelora_stream *on;
  moelora_run_stats *stats;
  void *workspace;
  uint64_t workspaceBytes;
  void *given[mostGiven];   ///< in the order of the layer
  int64_t pitch[mostGiven]; ///< elements from row to row
};

/// Copies the struct and checks what does not depend on the layer.
moelora_run readRun(const moelora_run *given);
/// Checks everything but the operands, which are not set yet.
LayerRun prepareRun(const moelora_bound_layer &layer, const moelora_run &run);
/// Runs the layer now, or in the order of its stream.
void startRun(const LayerRun &run);

} // namespace moelora

#endif // MOELORA_RUNTIME_RUN_RUN_H
