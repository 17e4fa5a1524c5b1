// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "gpu/TileCopy.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace moelora::codegen {

static constexpr int64_t Chunks = 8, ChunkBytes = 16, ChunkElements = 8;

TileCopy::TileCopy(MatmulTile &tile, Matrix matrix, int64_t offset)
    : tile(tile), code(tile.code), matrix(matrix),
      rowStep(tile.shape.threads() / Chunks), chunk(tile.thread % Chunks),
      firstRow(tile.thread / Chunks),
      to(tile.shared + offset + firstRow * TileShape::RowBytes +
         (chunk ^ (firstRow % Chunks)) * ChunkBytes) {}

void TileCopy::start(llvm::function_ref<Ptr(Int)> rowOf) {
  sources.clear();
  bases.clear();
  for (int64_t row = 0; row < matrix.rows; row += rowStep) {
    sources.push_back({bases.size(), 0});
    bases.push_back(rowOf(firstRow + row) + chunk * ChunkBytes);
  }
}

void TileCopy::startAt(Ptr first,
                       llvm::function_ref<int64_t(int64_t)> distanceOf) {
  sources.clear();
  bases.assign(1, first + chunk * ChunkBytes);
  for (int64_t row = 0; row < matrix.rows; row += rowStep)
    sources.push_back({0, distanceOf(row)});
}

SmallVector<Value> TileCopy::pointers() const {
  return llvm::map_to_vector(bases, [](Ptr base) { return base.value; });
}

void TileCopy::setPointers(ValueRange values) {
  for (auto [base, value] : llvm::zip_equal(bases, values))
    base.value = value;
}

void TileCopy::copy(int64_t place, Int step, int64_t advance, Value isInside) {
  auto all = [&] {
    for (auto [index, source] : llvm::enumerate(sources)) {
      Ptr from = bases[source.pointer] +
                 (source.distance + advance * TileShape::RowBytes);
      Ptr into = to + (place * tile.shape.stepBytes() +
                       int64_t(index) * rowStep * TileShape::RowBytes);
      copyChunk(into, from, step, isInside);
    }
  };
  if (matrix.rows >= rowStep)
    return all();
  code.when(code.less(tile.thread, code.i32(matrix.rows * Chunks)), all);
}

void TileCopy::copyChunk(Ptr into, Ptr from, Int step, Value isInside) {
  if (!isAligned())
    return copyElements(into, from, step);
  bool wholeSteps = matrix.k % TileShape::K == 0;
  if (wholeSteps && !isInside)
    return code.copyAsync(into, from);
  Int none = code.i32(0), all = code.i32(ChunkBytes);
  if (wholeSteps)
    return code.copyAsync(into, from, code.select(isInside, all, none));
  Int rest = code.i32(2 * matrix.k) -
             (step * TileShape::RowBytes + chunk * ChunkBytes);
  code.copyAsync(into, from, code.most(code.least(rest, all), none));
}

/// Rows that do not begin at multiples of 16 bytes are read element by element.
void TileCopy::copyElements(Ptr into, Ptr from, Int step) {
  Int rest = code.i32(matrix.k) - (step * TileShape::K + chunk * ChunkElements);
  Type i16 = code.builder.getI16Type(), i32 = code.builder.getI32Type();
  SmallVector<Value> halves;
  for (int64_t i = 0; i < ChunkElements; ++i) {
    Value inside = code.less(code.i32(i), rest);
    Value zero = code.zero(i16);
    Value bits = code.choose(
        inside, [&] { return Code::Values{code.load(i16, from + 2 * i)}; },
        [&] { return Code::Values{zero}; })[0];
    halves.push_back(arith::ExtUIOp::create(code.builder, code.loc, i32, bits));
  }
  SmallVector<Value> words;
  for (size_t i = 0; i < halves.size(); i += 2)
    words.push_back(
        (Int{&code, halves[i]} | (Int{&code, halves[i + 1]} << 16)).value);
  code.store(code.pack(words), into, ChunkBytes);
}

} // namespace moelora::codegen
