// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds operands in a checkpoint and reads them.

#include "Family.h"
#include "Pieces.h"
#include "Quantized.h"

#include "moelora/models/Part.h"

#include <cstring>

namespace moelora::models {

namespace {

bool isFloat(int32_t type) {
  return type == MOELORA_F32 || type == MOELORA_F16 || type == MOELORA_BF16 ||
         type == MOELORA_F64;
}

bool isId(int32_t type) { return type == MOELORA_I64 || type == MOELORA_I32; }

std::string show(const Shape &shape) {
  std::string text;
  for (int64_t size : shape)
    text += (text.empty() ? "" : ", ") + std::to_string(size);
  return "[" + text + "]";
}

/// The type that can represent all values of both types.
moelora_dtype widest(moelora_dtype a, moelora_dtype b) {
  if (a == b)
    return a;
  return a == MOELORA_F64 || b == MOELORA_F64 ? MOELORA_F64 : MOELORA_F32;
}

moelora_tensor tensorAt(const moelora_checkpoint *file, int64_t index) {
  moelora_tensor tensor = {};
  tensor.size = sizeof tensor;
  moelora_checkpoint_tensor(file, index, &tensor);
  return tensor;
}

Shape shapeOf(const moelora_tensor &tensor) {
  return {tensor.shape, tensor.shape + tensor.dims};
}

/// Whether both put every element at the same position.
bool sameOrder(const Piece &a, const Piece &b) {
  auto said = [](const Piece &piece) {
    std::vector<std::pair<int64_t, int64_t>> axes;
    for (const Axis &axis : piece.axes)
      if (axis.size != 1)
        axes.emplace_back(axis.size, axis.stride);
    return axes;
  };
  return said(a) == said(b);
}

} // namespace

class OperandBinder {
public:
  OperandBinder(const moelora_checkpoint *file, const Family &family, int layer)
      : file(file), below(std::string(family.names.container) + "." +
                          std::to_string(layer) + ".") {}

  /// Empty if it is bound, and otherwise the error.
  std::string bind(Operand operand, BoundOperand &bound) const;

private:
  const moelora_checkpoint *file;
  std::string below;

  /// A candidate by the first of its tensors.
  struct Candidate {
    const Source *source = nullptr;
    std::string path; // before the names of the tensors
    bool fits = false;
  };

  std::string choose(const Operand &operand, Candidate &chosen) const;
  std::string missing(const Operand &operand) const;
  std::string bindPiece(const Piece &piece, bool ids,
                        BoundOperand &bound) const;
};

/// The first source whose first tensor is in the checkpoint, preferably with
/// the right shape. Two sources that read the same tensor in different ways
/// cannot be distinguished.
std::string OperandBinder::choose(const Operand &operand,
                                  Candidate &chosen) const {
  for (const std::string &prefix : namePrefixes())
    for (const Source &source : operand.sources) {
      const Piece &piece = source.front();
      std::string path = prefix + below, name = path + piece.tensor;
      int64_t index = moelora_checkpoint_find(file, name.c_str());
      if (index < 0)
        continue;
      bool fits = shapeOf(tensorAt(file, index)) == piece.shape;
      if (!chosen.source || (fits && !chosen.fits)) {
        chosen = {&source, path, fits};
        continue;
      }
      const Piece &other = chosen.source->front();
      if (fits && piece.tensor == other.tensor && path == chosen.path &&
          !sameOrder(piece, other))
        return "expects the shape of " + name +
               " to tell rows from columns, but " + show(piece.shape) +
               " may be stored either way";
    }
  return "";
}

/// Reports that no source is in the checkpoint, because the operand is absent
/// or stored in another form.
std::string OperandBinder::missing(const Operand &operand) const {
  for (const std::string &prefix : namePrefixes())
    for (const Source &source : operand.sources) {
      std::string quantized =
          quantizedTensor(file, prefix + below + source.front().tensor);
      if (!quantized.empty())
        return quantized;
    }
  const Piece &piece = operand.sources.front().front();
  return "expects a tensor " + namePrefixes().front() + below + piece.tensor +
         " of shape " + show(piece.shape) + ", but there is none";
}

std::string OperandBinder::bindPiece(const Piece &piece, bool ids,
                                     BoundOperand &bound) const {
  auto refuse = [&](const std::string &text) {
    std::string quantized = quantizedTensor(file, piece.tensor);
    return quantized.empty() ? text : quantized;
  };
  int64_t index = moelora_checkpoint_find(file, piece.tensor.c_str());
  if (index < 0)
    return refuse("expects a tensor " + piece.tensor + " of shape " +
                  show(piece.shape) + ", but there is none");
  moelora_tensor tensor = tensorAt(file, index);
  if (!(ids ? isId(tensor.dtype) : isFloat(tensor.dtype)))
    return refuse("expects tensor " + piece.tensor + " to have type " +
                  (ids ? "I64 or I32" : "F32, F16, BF16 or F64") +
                  ", but it has " + moelora_dtype_name(tensor.dtype));
  if (shapeOf(tensor) != piece.shape)
    return "expects tensor " + piece.tensor + " to have shape " +
           show(piece.shape) + ", but it has " + show(shapeOf(tensor));
  auto type = ids ? MOELORA_F32 : static_cast<moelora_dtype>(tensor.dtype);
  bound.stored = bound.tensors.empty() ? type : widest(bound.stored, type);
  bound.tensors.push_back(uint64_t(index));
  return "";
}

std::string OperandBinder::bind(Operand operand, BoundOperand &bound) const {
  bound.checkpoint = file;
  Candidate chosen;
  std::string error = choose(operand, chosen);
  if (!error.empty())
    return error;
  if (!chosen.source)
    return missing(operand);
  bound.pieces = *chosen.source;
  bool ids = operand.ids > 0;
  bound.description = std::move(operand);
  for (Piece &piece : bound.pieces) {
    piece.tensor = chosen.path + piece.tensor;
    if (error = bindPiece(piece, ids, bound); !error.empty())
      return error;
  }
  return "";
}

std::string BoundOperand::read(void *buffer, moelora_dtype type) const {
  moelora_dtype as = description.ids > 0 ? MOELORA_F32 : type;
  std::string error;
  int64_t found = 0;
  for (const Piece &piece : pieces)
    found += piece.elements();
  if (found < description.elements())
    std::memset(buffer, 0,
                size_t(description.elements()) * moelora_dtype_bytes(as));
  for (size_t i = 0; i < pieces.size() && error.empty(); ++i)
    error = readPiece(checkpoint, tensors[i], pieces[i], as, description.ids,
                      buffer);
  return error;
}

Result<BoundOperand> bindRouter(const Model &model, int layer,
                                const moelora_checkpoint *file) {
  BoundOperand bound;
  std::string error = OperandBinder(file, model.family(), layer)
                          .bind(routerOperand(model, layer), bound);
  if (!error.empty())
    return Failure{error};
  return bound;
}

Result<std::vector<BoundOperand>> bindWeights(const Model &model, int layer,
                                              const moelora_checkpoint *file) {
  return bindWeights(model, layer, file, Part());
}

Result<std::vector<BoundOperand>> bindWeights(const Model &model, int layer,
                                              const moelora_checkpoint *file,
                                              const Part &part) {
  std::vector<BoundOperand> bound;
  OperandBinder binder(file, model.family(), layer);
  for (Operand &operand : weightOperands(model, layer)) {
    bound.emplace_back();
    std::string error =
        binder.bind(cut(std::move(operand), part), bound.back());
    if (!error.empty())
      return Failure{error};
  }
  return bound;
}

} // namespace moelora::models
