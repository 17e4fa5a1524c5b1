// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sums over the columns of a matrix in any element type.
#ifndef MOELORA_LIB_REFERENCE_SUM_H
#define MOELORA_LIB_REFERENCE_SUM_H

#include "moelora/reference/Views.h"

namespace moelora::reference {

template <moelora_dtype type, typename Term>
Vector sumRowsOf(const MatrixView &matrix, const Vector &x, Term term) {
  Vector out(matrix.rows);
  for (int64_t r = 0; r < matrix.rows; ++r) {
    double sum = 0;
    for (int64_t c = 0; c < matrix.columns; ++c)
      sum += term(load(type, matrix.data, r * matrix.stride + c), x[c]);
    out[r] = sum;
  }
  return out;
}

/// out[r] = sum over c of term(matrix[r][c], x[c]). The type is chosen once per
/// matrix and not once per element.
template <typename Term>
Vector sumRows(const MatrixView &matrix, const Vector &x, Term term) {
  switch (matrix.type) {
  case MOELORA_F32:
    return sumRowsOf<MOELORA_F32>(matrix, x, term);
  case MOELORA_F16:
    return sumRowsOf<MOELORA_F16>(matrix, x, term);
  case MOELORA_BF16:
    return sumRowsOf<MOELORA_BF16>(matrix, x, term);
  default:
    return sumRowsOf<MOELORA_F64>(matrix, x, term);
  }
}

} // namespace moelora::reference

#endif // MOELORA_LIB_REFERENCE_SUM_H
