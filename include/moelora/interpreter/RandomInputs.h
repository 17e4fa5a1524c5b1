// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Signed random inputs for a layer. The data of an argument depends only on its
// role, its type and the seed, so two layers with the same arguments in any
// order have the same inputs.

#ifndef MOELORA_INTERPRETER_RANDOMINPUTS_H
#define MOELORA_INTERPRETER_RANDOMINPUTS_H

#include "moelora/interpreter/Interpreter.h"
#include "moelora/reference/ExactData.h"

#include <optional>

namespace moelora::interpreter {

struct RandomOptions {
  uint64_t seed = 1;
  int64_t tokens = 5; // where the number of rows is dynamic
  /// Each pair of an adapter has one of these ranks, limited by max_rank.
  std::vector<int64_t> ranks = {0, 1, 3, 8, 16};
  /// All tokens choose the experts that the first one does, where they are
  /// given.
  bool sameExperts = false;
  /// Token t has slot t, modulo slots.
  bool slotsInTurn = false;
  /// If there are sizes, the data of reference/ExactData.h are used.
  std::optional<reference::ExactSizes> exact;
};

/// Fails with a diagnostic if an argument would have too many numbers.
mlir::LogicalResult checkSize(LayerOp layer, const RandomOptions &options);

/// Generates the inputs. Ids of slots and experts include -1 and invalid ids,
/// and about one slot in eight is not published.
Inputs randomInputs(LayerOp layer, const RandomOptions &options);

} // namespace moelora::interpreter

#endif // MOELORA_INTERPRETER_RANDOMINPUTS_H
