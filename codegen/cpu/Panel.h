// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Panels: rows of activations in the order in which tiles read them.
//
// A tile's rows are divided into row groups of at most `limit` rows, whose
// sizes differ by at most one, the larger first. A panel contains them as
// [group][step][row of the group][step elements]. Five rows, limit 4, two steps
// a and b:
//
//   group 0: 0a 1a 2a 0b 1b 2b     group 1: 3a 4a 3b 4b
//
// A group starts where its first row would start if rows were contiguous, and a
// register tile reads its panel sequentially. Rows are filled with zeros up to
// whole steps.
#ifndef MOELORA_CODEGEN_PANEL_H
#define MOELORA_CODEGEN_PANEL_H

#include "Unit.h"
#include "cpu/DotForm.h"

namespace moelora::codegen {

struct RowGroup {
  Int begin, rows; // in the tile
  Int index, count;
};

/// Runs `body` for each row group of `rows` rows.
void forRowGroups(Code &code, Int rows, int64_t limit,
                  llvm::function_ref<void(RowGroup)> body);

/// The properties of a panel: rows of `k` columns in the form `stored`, in row
/// groups of at most `limit` rows, for products in the form `form`. The two
/// forms are equal, or `form` is that of f32 and rows are widened.
struct PanelShape {
  const DotForm &stored, &form;
  int64_t k, limit;
};

/// Copies rows of a row-major matrix into a panel; row i of it is row
/// `indices[i]` (i32) of the matrix.
void gatherPanel(Unit &unit, Code &code, const PanelShape &shape, Ptr matrix,
                 Ptr indices, Int rows, Ptr panel);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_PANEL_H
