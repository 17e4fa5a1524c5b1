// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Signed random inputs for a layer. An argument's data is a function of its
// role, its type and the seed alone, so that two programs with the same
// arguments, in any order, read the same numbers.

#ifndef MOELORA_INTERPRETER_RANDOMINPUTS_H
#define MOELORA_INTERPRETER_RANDOMINPUTS_H

#include "moelora/interpreter/Interpreter.h"

namespace moelora::interpreter {

struct RandomOptions {
  uint64_t seed = 1;
  int64_t tokens = 5; // where the IR leaves the number of rows open
  /// Each pair of an adapter has one of these ranks, or max_rank if less.
  std::vector<int64_t> ranks = {0, 1, 3, 8, 16};
  /// Not 0: the data of reference/ExactData.h, with hidden states up to this.
  int64_t exact = 0;
};

/// A diagnostic and failure where an argument would have more numbers than this
/// can make.
mlir::LogicalResult checkSize(LayerOp layer, const RandomOptions &options);

/// Ids of slots and experts include -1 and ids that name nothing; about one
/// slot in eight is not published.
Inputs randomInputs(LayerOp layer, const RandomOptions &options);

} // namespace moelora::interpreter

#endif // MOELORA_INTERPRETER_RANDOMINPUTS_H
