// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operands found in a checkpoint, and read from it.

#include "moelora/models/Weights.h"
#include "moelora/reference/Number.h"

#include <algorithm>
#include <cstring>

namespace moelora::models {

namespace {

// Elements converted at once, so that the stored form never lies in memory
// whole beside the converted one.
constexpr uint64_t chunkElements = 1 << 16;

bool isFloat(int32_t type) {
  return type == MOELORA_FILE_F32 || type == MOELORA_FILE_F16 ||
         type == MOELORA_FILE_BF16 || type == MOELORA_FILE_F64;
}

std::string show(const Shape &shape) {
  std::string text;
  for (int64_t size : shape)
    text += (text.empty() ? "" : ", ") + std::to_string(size);
  return "[" + text + "]";
}

/// Both at once: the type that holds every value of either.
moelora_dtype widest(moelora_dtype a, moelora_dtype b) {
  if (a == b)
    return a;
  return a == MOELORA_F64 || b == MOELORA_F64 ? MOELORA_F64 : MOELORA_F32;
}

moelora_tensor tensorAt(const moelora_checkpoint *file, uint64_t index) {
  moelora_tensor tensor = {};
  moelora_checkpoint_tensor(file, static_cast<int64_t>(index), &tensor);
  return tensor;
}

std::string readBytes(const moelora_checkpoint *file, uint64_t index,
                      uint64_t first, uint64_t bytes, void *to) {
  moelora_error *error = nullptr;
  moelora_checkpoint_read(file, static_cast<int64_t>(index), first, bytes, to,
                          &error);
  std::string text = error ? moelora_error_text(error) : "";
  moelora_error_free(error);
  return text;
}

std::string readConverted(const moelora_checkpoint *file, uint64_t index,
                          const moelora_tensor &tensor, void *buffer,
                          moelora_dtype type, int64_t offset) {
  auto stored = static_cast<moelora_dtype>(tensor.dtype);
  uint64_t width = reference::bytesOf(stored);
  std::vector<char> chunk(std::min(tensor.elements, chunkElements) * width);
  for (uint64_t first = 0; first < tensor.elements; first += chunkElements) {
    uint64_t count = std::min(chunkElements, tensor.elements - first);
    std::string error =
        readBytes(file, index, first * width, count * width, chunk.data());
    if (!error.empty())
      return error;
    for (uint64_t i = 0; i < count; ++i)
      reference::store(type, buffer, offset + int64_t(first + i),
                       reference::load(stored, chunk.data(), int64_t(i)));
  }
  return "";
}

} // namespace

class OperandBinder {
public:
  OperandBinder(const moelora_checkpoint *file, int layer)
      : file(file), below("layers." + std::to_string(layer) + ".") {}

  /// Empty when it is bound.
  std::string bind(Operand operand, BoundOperand &bound) const;

private:
  const moelora_checkpoint *file;
  std::string below;

  bool chooseSource(const Operand &operand, Source &source) const;
  std::string bindPiece(const Piece &piece, BoundOperand &bound) const;
};

/// A source is the checkpoint's when its first piece is there.
bool OperandBinder::chooseSource(const Operand &operand, Source &source) const {
  for (const std::string &prefix : namePrefixes())
    for (const Source &candidate : operand.sources) {
      std::string path = prefix + below;
      std::string name = path + candidate.front().tensor;
      if (moelora_checkpoint_find(file, name.c_str()) < 0)
        continue;
      source = candidate;
      for (Piece &piece : source)
        piece.tensor = path + piece.tensor;
      return true;
    }
  return false;
}

std::string OperandBinder::bindPiece(const Piece &piece,
                                     BoundOperand &bound) const {
  int64_t index = moelora_checkpoint_find(file, piece.tensor.c_str());
  if (index < 0)
    return "expects a tensor " + piece.tensor + " of shape " +
           show(piece.shape) + ", but there is none";
  moelora_tensor tensor = tensorAt(file, uint64_t(index));
  Shape shape(tensor.shape, tensor.shape + tensor.rank);
  if (shape != piece.shape)
    return "expects tensor " + piece.tensor + " to have shape " +
           show(piece.shape) + ", but it has " + show(shape);
  if (!isFloat(tensor.dtype))
    return "expects tensor " + piece.tensor +
           " to have type F32, F16, BF16 or F64, but it has " +
           moelora_file_dtype_name(tensor.dtype);
  auto type = static_cast<moelora_dtype>(tensor.dtype);
  bound.stored = bound.tensors.empty() ? type : widest(bound.stored, type);
  bound.tensors.push_back(uint64_t(index));
  return "";
}

std::string OperandBinder::bind(Operand operand, BoundOperand &bound) const {
  bound.checkpoint = file;
  if (!chooseSource(operand, bound.pieces)) {
    bound.pieces = operand.sources.front();
    for (Piece &piece : bound.pieces)
      piece.tensor = namePrefixes().front() + below + piece.tensor;
  }
  bound.description = std::move(operand);
  for (const Piece &piece : bound.pieces)
    if (std::string error = bindPiece(piece, bound); !error.empty())
      return error;
  return "";
}

std::string BoundOperand::read(void *buffer, moelora_dtype type) const {
  auto *bytes = static_cast<char *>(buffer);
  for (size_t i = 0; i < pieces.size(); ++i) {
    moelora_tensor tensor = tensorAt(checkpoint, tensors[i]);
    uint64_t start = uint64_t(pieces[i].offset) * reference::bytesOf(type);
    std::string error =
        tensor.dtype == type
            ? readBytes(checkpoint, tensors[i], 0, tensor.bytes, bytes + start)
            : readConverted(checkpoint, tensors[i], tensor, buffer, type,
                            pieces[i].offset);
    if (!error.empty())
      return error;
  }
  return "";
}

Result<std::vector<BoundOperand>> bindWeights(const Model &model, int layer,
                                              const moelora_checkpoint *file) {
  std::vector<BoundOperand> bound;
  OperandBinder binder(file, layer);
  for (Operand &operand : weightOperands(model, layer)) {
    bound.emplace_back();
    std::string error = binder.bind(std::move(operand), bound.back());
    if (!error.empty())
      return Failure{error};
  }
  return bound;
}

} // namespace moelora::models
