// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where a layer's weights lie in a checkpoint, and how they get from there
// into operand buffers, without a second copy in between.
//
//   gate_up [E, 2, I, H], expert e, gate rows
//     <- model.layers.3.mlp.experts.e.gate_proj.weight [I, H]
//        at element (e * 2 + 0) * I * H
#ifndef MOELORA_MODELS_WEIGHTS_H
#define MOELORA_MODELS_WEIGHTS_H

#include "moelora/models/Model.h"
#include "moelora/runtime/Abi.h"
#include "moelora/runtime/Checkpoint.h"

namespace moelora::models {

using Shape = std::vector<int64_t>;

/// One stored tensor; it lies whole and contiguous at `offset` of the operand.
struct Piece {
  std::string tensor; // "mlp.experts.3.gate_proj.weight": below "layers.N."
  Shape shape;
  int64_t offset; // in elements
};

/// One way in which checkpoints store an operand: all of its pieces.
using Source = std::vector<Piece>;

/// A weight operand of a layer. A checkpoint has one of the sources.
struct Operand {
  moelora_role role;
  moelora_dtype dtype; // type of the operand's buffer
  Shape shape;
  std::vector<Source> sources;

  int64_t elements() const;
};

/// The weight operands that this layer has, in the order of their roles.
/// Requires model.isMoe(layer).
std::vector<Operand> weightOperands(const Model &model, int layer);

/// What may stand before "layers.N." in a tensor's name.
const std::vector<std::string> &namePrefixes();

/// An operand bound to a checkpoint: names are complete, shapes are checked,
/// nothing has been read. The checkpoint must outlive it.
class BoundOperand {
public:
  const Operand &operand() const { return description; }
  /// The element type in the file: F32, F16, BF16 or F64; the widest where
  /// pieces differ.
  moelora_dtype storedType() const { return stored; }

  /// Fills `buffer`, elements() of `type`. Values of another type in the file
  /// are converted with one rounding. Empty: done; else what went wrong.
  std::string read(void *buffer, moelora_dtype type) const;

private:
  friend class OperandBinder;

  Operand description;
  const moelora_checkpoint *checkpoint = nullptr;
  std::vector<uint64_t> tensors; // index in the checkpoint, per piece
  Source pieces;
  moelora_dtype stored = MOELORA_BF16;
};

/// Binds every weight operand of the layer. A tensor that is missing, or has
/// another shape or a type that is no float, is an error that names it.
Result<std::vector<BoundOperand>> bindWeights(const Model &model, int layer,
                                              const moelora_checkpoint *file);

} // namespace moelora::models

#endif // MOELORA_MODELS_WEIGHTS_H
