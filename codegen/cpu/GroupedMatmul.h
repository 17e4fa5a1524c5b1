// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Code that all grouped matmuls share: the panel of a tile, and the loop over a
// range of columns that writes f32 sums to a worker's scratch.
//
// Scratch of a worker:
//
//   gathered tile | panel | sums [slice][row of the tile][margin + columns]
//
// Columns are computed four at a time. If the number of columns is not a
// multiple of four, the last group of four is moved back, and some columns are
// computed twice, with the same bits. A group may therefore begin up to three
// columns before its range, for which there is a margin.
#ifndef MOELORA_CODEGEN_GROUPEDMATMUL_H
#define MOELORA_CODEGEN_GROUPEDMATMUL_H

#include "cpu/Lowering.h"
#include "cpu/Panel.h"
#include "cpu/Services.h"

namespace moelora::codegen {

struct TileView {
  Int expert, begin, rows;
};

struct GroupedMatmul {
  GroupedMatmul(Lowering &lowering, GroupedMatmulOp op, int64_t maxColumns);

  Lowering &lowering;
  mutable GroupedMatmulOp op; // ops are handles whose getters are not const
  PlanInfo plan;
  int64_t k, n, slices;
  int64_t maxColumns;                              // of a range
  int64_t input, weight, bias = -1, loraRows = -1; // words
  bool panelInput;
  const DotForm &stored; // rows of the input
  const DotForm &form;   // products of input and weight

  // The scratch.
  int64_t rowBytes() const; // of sums, a row
  int64_t sliceBytes() const { return plan.tileRows * rowBytes(); }
  int64_t panelOffset() const;
  int64_t sumsOffset() const;
  int64_t scratchBytes() const;

  /// Initialises the state before the tasks, when nothing is gathered yet.
  void emitReset(Code &code, Ptr frame) const;
  TileView tile(Code &code, Ptr frame, Int index) const;
  /// The panel of a tile. It is gathered unless it is there already.
  Ptr emitPanel(Code &code, Ptr frame, Ptr scratch, Int index,
                const TileView &tile) const;
  /// The sums of columns [begin, end), all slices.
  void emitSums(Code &code, Ptr frame, Ptr scratch, Ptr panel,
                const TileView &tile, Int begin, Int end) const;
  /// The sum of a row at the first column of the range.
  Ptr sum(Code &code, Ptr scratch, Int row, int64_t slice = 0) const;
  /// Sums plus bias at `column`. `count` of the lanes are columns of the
  /// matrix.
  mlir::Value emitAccumulator(Code &code, Ptr frame, Ptr sums, Int expert,
                              int64_t slice, Int column, mlir::VectorType type,
                              int64_t count) const;

private:
  struct Columns; // four of a slice
  void emitColumns(Code &code, Ptr frame, Ptr scratch, Ptr panel,
                   const TileView &tile, const Columns &columns) const;
};

/// Divides the work into (tile, range of columns) tasks. The width of a range
/// is decided per run.
struct ColumnSplit {
  int64_t word; // of the width
  int64_t n, maxColumns;

  /// Decides the width, and returns the number of tasks.
  Int emitTasks(Code &code, Ptr frame, Int tiles) const;
  Int width(Code &code, Ptr frame) const { return code.loadInt(frame + word); }
  Int ranges(Code &code, Ptr frame) const;
};

/// Calls body(column, count) for vectors of `lanes` columns of [begin, end);
/// count is `lanes`, and less in the last vector of a matrix of n columns.
void forColumns(Code &code, Int begin, Int end, int64_t n, int64_t lanes,
                llvm::function_ref<void(Int column, int64_t count)> body);

// The lowering of each epilogue.
mlir::FailureOr<RunStage> lowerActivate(Lowering &, GroupedMatmulOp);
mlir::FailureOr<RunStage> lowerCombine(Lowering &, GroupedMatmulOp);
mlir::FailureOr<RunStage> lowerAccumulate(Lowering &, GroupedMatmulOp);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GROUPEDMATMUL_H
