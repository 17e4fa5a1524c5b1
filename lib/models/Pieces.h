// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stored tensors as parts of an operand, and reading them.
#ifndef MOELORA_LIB_MODELS_PIECES_H
#define MOELORA_LIB_MODELS_PIECES_H

#include "moelora/models/Weights.h"

namespace moelora::models {

/// An operand's axes: [experts, slices, rows, columns], row-major. Layouts omit
/// the letters of axes that the operand does not have.
struct OperandAxes {
  int64_t experts, slices, rows, columns;
  int64_t stored = 0; // experts in a packed tensor, if more than these

  Axis axis(char letter) const;
};

/// A tensor of that layout (see Storage.h), its first element at `offset`.
Piece pieceOf(std::string tensor, const char *layout, const OperandAxes &axes,
              int64_t offset);

/// Copies tensor `index` of the file to its position. `ids` as in Operand.
/// Returns an empty text on success, and otherwise the error.
std::string readPiece(const moelora_checkpoint *file, uint64_t index,
                      const Piece &piece, moelora_dtype type, int64_t ids,
                      void *buffer);

} // namespace moelora::models

#endif // MOELORA_LIB_MODELS_PIECES_H
