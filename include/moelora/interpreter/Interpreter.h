// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs a layer of IR, at the routed or the fused level, with the reference:
// what a program means, whatever a pass made of it.
//
// Numbers are doubles. In the exact mode nothing is rounded. In the rounded
// mode the element types of the IR are honoured: what an op answers is rounded
// once to the type of its result, so the IR alone says where rounding happens.
//
// What the IR leaves unspecified (rows of dropped pairs, columns past a rank)
// is NaN here, so that a program that reads it is seen to be wrong.

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

  /// Elements of one row: what the first dimension counts.
  int64_t rowSize() const;
  int64_t rows() const { return shape.front(); }
  reference::Vector row(int64_t index) const;
  /// Its rows, borrowed.
  reference::MatrixView view() const {
    return {MOELORA_F64, data.data(), rows(), rowSize(), rowSize()};
  }
};

/// Expert and slot of each pair; -1: dropped, base. The order in which pairs
/// are computed has no bearing on what they are.
struct Plan {
  int64_t topK = 1;
  std::vector<int32_t> expert, slot;
};

/// The adapters of one projection, [slot][expert][slice]; rank 0: no pair.
struct Table {
  Table() = default;
  Table(Table &&) = default; // a copy's pairs would borrow from the original

  int64_t experts = 0, slices = 1;
  std::vector<reference::LoraPair> pairs;
  std::vector<std::vector<double>> storage; // what the pairs borrow

  /// Null where there is no delta.
  const reference::LoraPair *find(int32_t slot, int32_t expert,
                                  int64_t slice) const;
};

using Datum = std::variant<Tensor, Plan, Table>;

/// What a run reads. `directory` has a word for each slot, as in Image.h.
struct Inputs {
  std::vector<Datum> arguments;
  std::vector<uint64_t> directory;
  int indexBits = 16; // of slot ids
};

/// The layer's output; a diagnostic and failure where an argument does not fit
/// its type, sizes disagree, or an op has no meaning here. `afterOp` is called
/// as often as opsOf(layer) says.
mlir::FailureOr<Tensor> interpret(LayerOp layer, const Inputs &inputs,
                                  Mode mode,
                                  const std::function<void()> &afterOp = {});

/// How many ops an evaluation has, of which each takes a while.
inline size_t opsOf(LayerOp layer) {
  return layer.getBody().front().getOperations().size() - 1;
}

} // namespace moelora::interpreter

#endif // MOELORA_INTERPRETER_INTERPRETER_H
