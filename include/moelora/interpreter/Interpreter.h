// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Evaluates a layer of IR at the routed or the fused level with the reference,
// to check that a pass does not change what a layer computes.
//
// Values are doubles. In the exact mode nothing is rounded. In the rounded
// mode, the result of an op is rounded once to its element type, so the IR
// alone determines where rounding happens.
//
// Values that the IR leaves unspecified (rows of dropped pairs, columns beyond
// a rank) are NaN, so that the output of a layer that reads them is visibly
// wrong.

#ifndef MOELORA_INTERPRETER_INTERPRETER_H
#define MOELORA_INTERPRETER_INTERPRETER_H

#include "moelora/dialect/Ops.h"
#include "moelora/reference/Views.h"

#include <functional>
#include <variant>

namespace moelora::interpreter {

enum class Mode { Exact, Rounded };

/// Row-major. Integers are whole numbers.
struct Tensor {
  std::vector<int64_t> shape;
  std::vector<double> data;

  /// The number of elements in one row, that is, per index of the first
  /// dimension.
  int64_t rowSize() const;
  int64_t rows() const { return shape.front(); }
  reference::Vector row(int64_t index) const;
  /// Its rows, borrowed.
  reference::MatrixView view() const {
    return {MOELORA_F64, data.data(), rows(), rowSize(), rowSize()};
  }
};

/// The expert and the slot of each pair. -1 means a dropped pair, or base. The
/// order in which pairs are computed does not affect them.
struct Plan {
  int64_t topK = 1;
  std::vector<int32_t> expert, slot;
};

/// The adapters of one projection, indexed [slot][expert][slice]. Rank 0: no
/// pair.
struct Table {
  Table() = default;
  Table(Table &&) = default; // a copy's pairs would borrow from the original

  int64_t experts = 0, slices = 1;
  std::vector<reference::LoraPair> pairs;
  std::vector<std::vector<double>> storage; // storage to which the pairs refer

  /// Null if there is no delta.
  const reference::LoraPair *find(int32_t slot, int32_t expert,
                                  int64_t slice) const;
};

using Datum = std::variant<Tensor, Plan, Table>;

/// The inputs of a run. `directory` has a word for each slot, as in Image.h.
struct Inputs {
  std::vector<Datum> arguments;
  std::vector<uint64_t> directory;
  int indexBits = 16; // of slot ids
};

/// Returns the layer's output. Fails with a diagnostic if an argument does not
/// match its type, sizes disagree, or an op is not known to the interpreter.
/// Calls `afterOp` opsOf(layer) times.
mlir::FailureOr<Tensor> interpret(LayerOp layer, const Inputs &inputs,
                                  Mode mode,
                                  const std::function<void()> &afterOp = {});

/// How many ops an evaluation has, of which each takes a while.
inline size_t opsOf(LayerOp layer) {
  return layer.getBody().front().getOperations().size() - 1;
}

} // namespace moelora::interpreter

#endif // MOELORA_INTERPRETER_INTERPRETER_H
