// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Evaluates a layer that is cut over the ranks of a grid: all ranks, op by op.

#ifndef MOELORA_INTERPRETER_GROUP_H
#define MOELORA_INTERPRETER_GROUP_H

#include "moelora/interpreter/Interpreter.h"

namespace moelora::interpreter {

/// The inputs of one rank of `layer`, which has a grid, of those of the whole
/// layer: its weights, and its tokens. Experts are where the layer's expert_map
/// places them. Adapters are borrowed.
Inputs inputsOfRank(LayerOp layer, const Inputs &whole, int64_t rank);

/// The rows of the tokens of one rank, of those of all.
Tensor rowsOfRank(LayerOp layer, const Tensor &whole, int64_t rank);

/// Returns the output of each rank, which has the rows of its tokens. Fails
/// with a diagnostic as `interpret` does, and if there are not as many inputs
/// as ranks. Calls `afterOp` opsOf(layer) times.
mlir::FailureOr<std::vector<Tensor>>
interpretGroup(LayerOp layer, const std::vector<Inputs> &inputs, Mode mode,
               const std::function<void()> &afterOp = {});

} // namespace moelora::interpreter

#endif // MOELORA_INTERPRETER_GROUP_H
