// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds a layer's weights in a checkpoint, and reads them into operand buffers
// without an intermediate copy of a whole tensor.
//
//   gate_up [E, 2, I, H], expert e, gate rows
//     <- model.layers.3.mlp.experts.e.gate_proj.weight [I, H]
//        at element (e * 2 + 0) * I * H, axes (I, H) and (H, 1)
//   the same, all experts, stored [E, H, 2I], gate and up columns in turn
//     <- model.layers.3.mlp.experts.gate_up_proj
//        at 0, axes (E, 2IH), (H, 1), (I, H) and (2, IH)
#ifndef MOELORA_MODELS_WEIGHTS_H
#define MOELORA_MODELS_WEIGHTS_H

#include "moelora/models/Model.h"
#include "moelora/runtime/Abi.h"
#include "moelora/runtime/Checkpoint.h"

namespace moelora::models {

using Shape = std::vector<int64_t>;

/// A dimension of a stored tensor, or a factor of one. Of its entries, `size`
/// from `first` on are used.
struct Axis {
  int64_t size;
  int64_t stride; // in elements of the operand
  int64_t first = 0;
  int64_t stored = 0; // how many entries it has; 0: size

  int64_t entries() const { return stored ? stored : size; }
};

/// One stored tensor: its element (first_i + i, first_j + j, ..) along the
/// axes, outermost first, is the operand's element offset + i * stride_i + j *
/// stride_j + ... It may have further elements, which are not used.
struct Piece {
  std::string tensor; // "mlp.experts.3.gate_proj.weight": below "layers.N."
  Shape shape;
  int64_t offset; // in elements
  std::vector<Axis> axes;

  int64_t elements() const;
};

/// One form in which checkpoints store an operand: a list of stored tensors.
using Source = std::vector<Piece>;

/// A weight operand of a layer. A checkpoint has one of the sources. A table of
/// expert ids has int32 elements; `type` is then `f32`, which has the same
/// size.
struct Operand {
  moelora_role role;
  moelora_dtype dtype; // type of the operand's buffer
  Shape shape;
  std::vector<Source> sources;
  int64_t ids = 0; // > 0: a table of ids in [0, ids), not of floats

  int64_t elements() const;
};

/// The weight operands of this layer, in the order of their roles. Requires
/// model.isMoe(layer).
std::vector<Operand> weightOperands(const Model &model, int layer);

struct Part;

/// The weight operand of the router.
Operand routerOperand(const Model &model, int layer);

/// Prefixes that may precede "layers.N." in a tensor's name, or the family's
/// other name for `layers`.
const std::vector<std::string> &namePrefixes();

/// An operand that was found in a checkpoint. Its names are complete and its
/// shapes are checked, but no data has been read. The checkpoint must outlive
/// it.
class BoundOperand {
public:
  const Operand &operand() const { return description; }
  /// The element type in the file: F32, F16, BF16 or F64; the widest if its
  /// tensors differ; F32 for a table of ids.
  moelora_dtype storedType() const { return stored; }

  /// Fills `buffer`, elements() of `type`. Values of another type in the file
  /// are converted with one rounding. A table of ids is converted to int32 and
  /// checked. Experts that a part does not own are filled with zeros, and
  /// nothing is read for them. Returns an empty text on success, and otherwise
  /// the error.
  std::string read(void *buffer, moelora_dtype type) const;

private:
  friend class OperandBinder;

  Operand description;
  const moelora_checkpoint *checkpoint = nullptr;
  std::vector<uint64_t> tensors; // index in the checkpoint, per tensor
  Source pieces;
  moelora_dtype stored = MOELORA_BF16;
};

/// Binds only the weight of the router.
Result<BoundOperand> bindRouter(const Model &model, int layer,
                                const moelora_checkpoint *file);

/// Binds every weight operand of a part of the layer. A tensor that is missing
/// or has a wrong shape or a type that is not a float is an error with its
/// name, and with the quantisation method if the checkpoint is quantised.
Result<std::vector<BoundOperand>> bindWeights(const Model &model, int layer,
                                              const moelora_checkpoint *file,
                                              const Part &part);
/// Those of the whole layer.
Result<std::vector<BoundOperand>> bindWeights(const Model &model, int layer,
                                              const moelora_checkpoint *file);

} // namespace moelora::models

#endif // MOELORA_MODELS_WEIGHTS_H
