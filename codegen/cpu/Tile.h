// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The register tile: up to four rows of a panel against four weight rows.
//
//   for step of K:      acc[m][j] += w[j][step] . x[m][step]
//   for page of row m:  acc[m][j] += B[page][feature + j] . u[m][page]
//   out[m][0..4) = the sums of acc[m][0..4)
//
// The order of every sum depends only on K, and not on the rows of the tile,
// its neighbours, the task or the thread. A row without a pair has zero pages,
// so its accumulators do not change after the base.
#ifndef MOELORA_CODEGEN_TILE_H
#define MOELORA_CODEGEN_TILE_H

#include "Unit.h"
#include "cpu/DotForm.h"

namespace moelora::codegen {

/// The result of `shrink` for a row and slice: the pair's B, the row's u, and
/// their number of pages.
namespace lora_row {
constexpr int64_t B = 0, U = 8, Pages = 16, Bytes = 32;
} // namespace lora_row

/// The multiplication that a tile is a part of.
struct TileShape {
  /// The form of the weights and the panel. Adapters have the layer's form.
  const DotForm &form;
  int64_t k;
  /// Weight rows per tile: four, or all of a smaller matrix.
  int64_t columns;
  /// The slices and `out` of the adapters. No slices mean no adapters.
  int64_t loraSlices = 0;
  int64_t loraOut = 0;
};

struct TileOperands {
  Ptr weights; // row-major, k long
  Ptr panel;
  Int panelStep; // bytes from one step of a row to its next
  Ptr lora;      // of the first row; ignored without adapters
  Int feature;   // number of the first weight row
  Ptr out;
  Int outRow;    // bytes from row to row
  Ptr ahead;     // the address of the next weights
  Int aheadLine; // bytes between the lines to prefetch of them
};

class Tiles {
public:
  /// `loraForm` is the layer's.
  Tiles(Unit &unit, const DotForm &loraForm) : unit(unit), loraForm(loraForm) {}

  /// Calls the tile for `rows` rows, a number in [1, limit].
  void call(Code &code, const TileShape &shape, Int rows, int64_t limit,
            const TileOperands &operands);

private:
  mlir::LLVM::LLVMFuncOp get(const TileShape &shape, int64_t rows);

  Unit &unit;
  const DotForm &loraForm;
};

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_TILE_H
