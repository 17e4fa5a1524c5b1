// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The register tile.

#include "cpu/Tile.h"
#include "moelora/runtime/Abi.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace moelora::codegen {

namespace {

constexpr int64_t CacheLine = 64;
constexpr int64_t PageRanks = MOELORA_PAGE_RANKS;
/// The prefetch distance of B in features, at which a tile of K = 192 hides a
/// memory access.
constexpr int64_t ExpandAhead = 16;

/// Writes the body of one tile function.
class TileBody {
public:
  TileBody(Code &code, const DotForm &loraForm, const TileShape &shape,
           int64_t rows, const TileOperands &operands)
      : code(code), form(shape.form), loraForm(loraForm), shape(shape),
        rows(rows), operands(operands) {}

  void emit() {
    // Prefetches as many lines as the weights of a step have.
    int64_t lines = 4 * form.step * form.elementBytes / CacheLine;
    acc.assign(rows * shape.columns, code.zero(form.accumulator()));
    int64_t steps = shape.k / form.step;
    if (steps > 0)
      acc = code.loop(code.i64(0), code.i64(steps), 1, acc,
                      [&](Int step, ValueRange carried) {
                        acc.assign(carried.begin(), carried.end());
                        addStep(step, form.step);
                        prefetch(step, lines);
                        return acc;
                      });
    if (shape.k % form.step)
      addStep(code.i64(steps), shape.k % form.step);
    if (shape.loraSlices)
      for (int64_t row = 0; row < rows; ++row)
        expand(row);
    for (int64_t row = 0; row < rows; ++row)
      store(row);
  }

private:
  /// `count` k-values of every row against every column.
  void addStep(Int step, int64_t count) {
    Ptr weights = operands.weights + step * (form.step * form.elementBytes);
    Ptr panel = operands.panel + step * operands.panelStep;
    SmallVector<DotForm::Parts> w;
    for (int64_t j = 0; j < shape.columns; ++j)
      w.push_back(form.expand(
          code, code.loadFirst(form.raw(form.step), count,
                               weights + j * shape.k * form.elementBytes)));
    for (int64_t row = 0; row < rows; ++row) {
      auto x = form.loadPanel(code, panel + row * form.panelStepBytes());
      for (int64_t j = 0; j < shape.columns; ++j)
        at(row, j) = form.dot(code, at(row, j), w[j], x);
    }
  }

  void prefetch(Int step, int64_t lines) {
    Ptr line = operands.ahead + step * lines * operands.aheadLine;
    for (int64_t i = 0; i < lines; ++i) {
      code.prefetch(line);
      line = line + operands.aheadLine;
    }
  }

  /// Adds the delta of one row, one page of ranks at a time.
  void expand(int64_t row) {
    Ptr pair = operands.lora + row * shape.loraSlices * lora_row::Bytes;
    Int pages = code.loadInt(pair + lora_row::Pages);
    Ptr u = code.loadPtr(pair + lora_row::U);
    int64_t pageRow = PageRanks * loraForm.elementBytes;
    Ptr b = code.loadPtr(pair + lora_row::B) + operands.feature * pageRow;
    auto own = MutableArrayRef(acc).slice(row * shape.columns, shape.columns);
    Code::Values sums = code.loop(
        code.i64(0), pages, 1, ValueRange(own), [&](Int page, ValueRange in) {
          Code::Values sum(in.begin(), in.end());
          auto x = loadPage(u + page * pageRow);
          Ptr rowsOfB = b + page * (shape.loraOut * pageRow);
          for (int64_t j = 0; j < shape.columns; ++j)
            addPage(sum[j], loadPage(rowsOfB + j * pageRow), x);
          for (int64_t byte = 0; byte < 4 * pageRow; byte += CacheLine)
            code.prefetch(rowsOfB + (ExpandAhead * pageRow + byte));
          return sum;
        });
    llvm::copy(sums, own.begin());
  }

  DotForm::Parts loadPage(Ptr from) {
    return loraForm.expand(code, code.load(loraForm.raw(PageRanks), from));
  }

  void addPage(Value &sum, const DotForm::Parts &b, const DotForm::Parts &u) {
    sum = loraForm.dot(code, sum, b, u);
  }

  void store(int64_t row) {
    SmallVector<Value> four(4, code.zero(form.accumulator()));
    for (int64_t j = 0; j < shape.columns; ++j)
      four[j] = at(row, j);
    code.store(form.reduce(code, four), operands.out + operands.outRow * row);
  }

  Value &at(int64_t row, int64_t column) {
    return acc[row * shape.columns + column];
  }

  Code &code;
  const DotForm &form, &loraForm;
  const TileShape &shape;
  int64_t rows;
  const TileOperands &operands;
  Code::Values acc;
};

} // namespace

LLVM::LLVMFuncOp Tiles::get(const TileShape &shape, int64_t rows) {
  std::string name = llvm::formatv("tile_{0}x{1}x{2}{3}", rows, shape.columns,
                                   shape.k, shape.form.tag);
  if (shape.loraSlices)
    name += llvm::formatv("_lora_{0}x{1}", shape.loraSlices, shape.loraOut);
  if (LLVM::LLVMFuncOp known = unit.find(name))
    return known;
  Type ptr = unit.pointer(), i64 = unit.i64();
  auto function = unit.function(
      name, {ptr, ptr, i64, ptr, i64, ptr, i64, ptr, i64}, unit.none(),
      [&](Code &code, ArrayRef<BlockArgument> in) {
        TileOperands operands{{&code, in[0]}, {&code, in[1]}, {&code, in[2]},
                              {&code, in[3]}, {&code, in[4]}, {&code, in[5]},
                              {&code, in[6]}, {&code, in[7]}, {&code, in[8]}};
        TileBody(code, loraForm, shape, rows, operands).emit();
      });
  function.setNoInline(true);
  return function;
}

void Tiles::call(Code &code, const TileShape &shape, Int rows, int64_t limit,
                 const TileOperands &operands) {
  auto invoke = [&](int64_t count) {
    code.call(get(shape, count), {operands.weights.value, operands.panel.value,
                                  operands.panelStep.value, operands.lora.value,
                                  operands.feature.value, operands.out.value,
                                  operands.outRow.value, operands.ahead.value,
                                  operands.aheadLine.value});
  };
  if (limit == 1)
    return invoke(1);
  code.when(
      code.equal(rows, code.i64(limit)), [&] { invoke(limit); },
      [&] { call(code, shape, rows, limit - 1, operands); });
}

} // namespace moelora::codegen
