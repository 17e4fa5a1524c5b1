/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The position of a matrix inside a stored tensor, and copying it.
 *
 * Example: an adapter of E = 3 experts and rank r = 2 stores lora_B as one
 * tensor (out, E * r). Its columns are rank-major, so the columns of expert 1
 * are
 *
 *     j*E + e:   [0,0] [0,1] [0,2] [1,0] [1,1] [1,2]      [j,e]
 *                        ^^^               ^^^
 *
 * and its B is the view {offset 1, row 6, column 3}: element (o, j) is stored
 * at 1 + 6 o + 3 j. Every form of storing a pair is such a view.
 */
#ifndef MOELORA_RUNTIME_MATRIXVIEW_H
#define MOELORA_RUNTIME_MATRIXVIEW_H

#include <cstdint>

namespace moelora {

/// Element (i, j) is stored at offset + i * row + j * column, in elements.
struct MatrixView {
  int64_t tensor = -1; ///< index in the checkpoint
  int64_t offset = 0;
  int64_t row = 0;
  int64_t column = 0;
};

/// A rectangle of a matrix: rows [firstRow, firstRow + rows), and columns
/// likewise.
struct Block {
  int64_t firstRow, rows, firstColumn, columns;
};

/// Copies a matrix out of a tensor's bytes, row-major, with at most one
/// rounding. `dtype` is the moelora_dtype of `bytes`: F32, F16, BF16 or
/// F64.
void copyToF32(const void *bytes, int32_t dtype, const MatrixView &view,
               int64_t rows, int64_t columns, float *to);

} // namespace moelora

#endif // MOELORA_RUNTIME_MATRIXVIEW_H
