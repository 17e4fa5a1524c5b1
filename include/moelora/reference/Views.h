// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Views of weights and adapters, which the reference reads in place and in
// their stored element type, so that a large layer needs no copy in f64. Views
// do not own memory. All matrices are row-major.
#ifndef MOELORA_REFERENCE_VIEWS_H
#define MOELORA_REFERENCE_VIEWS_H

#include "moelora/reference/Number.h"
#include "moelora/runtime/Abi.h"

#include <array>
#include <vector>

namespace moelora::reference {

using Vector = std::vector<double>;

struct MatrixView {
  moelora_dtype type = MOELORA_F32;
  const void *data = nullptr;
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t stride = 0; // elements from one row to the next

  double at(int64_t row, int64_t column) const {
    return load(type, data, row * stride + column);
  }
  Vector row(int64_t index) const;
  /// An equal part of the columns: number `part` of `parts`.
  MatrixView columnsOf(int64_t part, int64_t parts) const;
};

/// [experts, rows, columns]; gate_up is [E, 2 * I, H] here, gate rows first.
struct ExpertsView {
  moelora_dtype type = MOELORA_F32;
  const void *data = nullptr;
  int64_t experts = 0;
  int64_t rows = 0;
  int64_t columns = 0;

  MatrixView expert(int64_t index) const;
};

/// A low-rank pair: delta = scale * b (a x), a [rank, in], b [out, rank]. Rank
/// 0 means no delta.
struct LoraPair {
  MatrixView a;
  MatrixView b;
  double scale = 1;

  int64_t rank() const { return a.rows; }
};

/// One layer of one adapter: the pairs of each projection by expert. An empty
/// list, or rank 0, means no pair. Projections outside the experts have one
/// pair.
struct Adapter {
  std::array<std::vector<LoraPair>, MOELORA_PROJECTIONS> pairs;

  /// Null if there is no delta. Accepts any expert number.
  const LoraPair *find(moelora_projection projection, int64_t expert) const;
};

} // namespace moelora::reference

#endif // MOELORA_REFERENCE_VIEWS_H
