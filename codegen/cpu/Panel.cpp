// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Row groups and gathering.

#include "cpu/Panel.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace moelora::codegen {

void forRowGroups(Code &code, Int rows, int64_t limit,
                  llvm::function_ref<void(RowGroup)> body) {
  Int count = (rows + (limit - 1)) / limit;
  Int least = rows / count, larger = rows % count;
  code.loop(code.i64(0), count, 1, [&](Int index) {
    Int begin = index * least + code.least(index, larger);
    Int size = code.select(code.less(index, larger), least + 1, least);
    body({begin, size, index, count});
  });
}

namespace {

struct Gather : PanelShape {
  explicit Gather(const PanelShape &shape) : PanelShape(shape) {}

  bool widens() const { return stored.element != form.element; }

  std::string name() const {
    return llvm::formatv("gather_{0}_by_{1}{2}{3}", k, limit,
                         widens() ? "_widened" : "", form.tag);
  }

  void emit(Code &code, Ptr matrix, Ptr indices, Int rows, Ptr panel) const {
    forRowGroups(code, rows, limit, [&](RowGroup group) {
      Ptr first = panel + group.begin * form.panelRowBytes(k);
      Int stepBytes = group.rows * form.panelStepBytes();
      code.loop(code.i64(0), group.rows, 1, [&](Int row) {
        Int source = code.loadInt32(indices + (group.begin + row) * 4);
        copyRow(code, matrix + source * (k * stored.elementBytes),
                first + row * form.panelStepBytes(), stepBytes);
      });
    });
  }

  void copyRow(Code &code, Ptr from, Ptr to, Int stepBytes) const {
    int64_t steps = k / form.step;
    auto copy = [&](Int step, int64_t count) {
      Ptr source = from + step * (form.step * stored.elementBytes);
      Value raw = code.loadFirst(stored.raw(form.step), count, source);
      form.pack(code, widens() ? stored.widen(code, raw) : raw,
                to + step * stepBytes);
    };
    code.loop(code.i64(0), code.i64(steps), 1,
              [&](Int step) { copy(step, form.step); });
    if (k % form.step)
      copy(code.i64(steps), k % form.step);
  }
};

} // namespace

void gatherPanel(Unit &unit, Code &code, const PanelShape &shape, Ptr matrix,
                 Ptr indices, Int rows, Ptr panel) {
  Gather gather(shape);
  LLVM::LLVMFuncOp function = unit.find(gather.name());
  Type ptr = unit.pointer();
  if (!function) {
    function =
        unit.function(gather.name(), {ptr, ptr, unit.i64(), ptr}, unit.none(),
                      [&](Code &inner, ArrayRef<BlockArgument> in) {
                        gather.emit(inner, {&inner, in[0]}, {&inner, in[1]},
                                    {&inner, in[2]}, {&inner, in[3]});
                      });
    function.setNoInline(true);
  }
  code.call(function, {matrix.value, indices.value, rows.value, panel.value});
}

} // namespace moelora::codegen
