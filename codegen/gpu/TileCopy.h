// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Copies rows of a matrix into a step of the ring, 64 elements of each. A row
// is 128 bytes, of eight chunks of 16 bytes; chunk c of row r is at
// (c ^ r % 8) * 16, so that ldmatrix reads eight rows without bank conflicts.
// Each thread copies the chunk thread % 8 of every (threads / 8)th row.
#ifndef MOELORA_CODEGEN_GPU_TILECOPY_H
#define MOELORA_CODEGEN_GPU_TILECOPY_H

#include "gpu/MatmulTile.h"

namespace moelora::codegen {

class TileCopy {
public:
  /// The rows of a matrix: `pitch` bytes apart, with `k` 16-bit elements.
  struct Matrix {
    int64_t rows, k, pitch;
  };
  /// `offset` is that of the matrix in a step.
  TileCopy(MatmulTile &tile, Matrix matrix, int64_t offset);

  /// The address of this thread's chunk of each of its rows: `rowOf(i)` is the
  /// address of row `i` (an index of the tile). Rows that follow each other at
  /// a constant distance need one pointer.
  void start(llvm::function_ref<Ptr(Int)> rowOf);
  /// Row i is `distanceOf(i)` bytes after that of this thread's first row.
  void startAt(Ptr first, llvm::function_ref<int64_t(int64_t)> distanceOf);

  /// Copies K step `step` to a place of the ring. The pointers are `advanced` K
  /// steps further than at the start. `isInside` tells whether there is such a
  /// step; without it, there is. Chunks beyond the last element become zero.
  void copy(int64_t place, Int step, int64_t advance,
            mlir::Value isInside = {});

  /// Pointers that a loop carries.
  llvm::SmallVector<mlir::Value> pointers() const;
  void setPointers(mlir::ValueRange values);

private:
  struct Source {
    size_t pointer;
    int64_t distance;
  };
  void copyChunk(Ptr to, Ptr from, Int step, mlir::Value isInside);
  void copyElements(Ptr to, Ptr from, Int step);
  bool isAligned() const { return matrix.pitch % 16 == 0; }

  MatmulTile &tile;
  KernelCode &code;
  Matrix matrix;
  int64_t rowStep;
  Int chunk, firstRow;
  Ptr to;
  llvm::SmallVector<Source> sources;
  llvm::SmallVector<Ptr> bases;
};

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_TILECOPY_H
