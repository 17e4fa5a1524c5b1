# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Generated code that rounds once more than it may, to see that exact data show
it, and kernels that break a promise. A table for test/mutants.py."""


def rounded(form, value):
    return f"{form}.widen(code, {form}.round(code, {value}))"


MUTANTS = {
    # The row of an expert, before it is weighted and added.
    "rounded-y": [(
        "cpu/Combine.cpp",
        "            Value sum = code.load(type, total + offset);\n",
        f"            y = {rounded('answer', 'y')};\n"
        "            Value sum = code.load(type, total + offset);\n")],
    # The sum over experts, whenever one is added.
    "rounded-total": [(
        "cpu/Combine.cpp",
        "            code.store(addTimes(code, w, y, sum), total + offset);\n",
        "            sum = addTimes(code, w, y, sum);\n"
        f"            code.store({rounded('answer', 'sum')}, total + offset);"
        "\n")],
    # The base, before the delta is added.
    "rounded-base": [(
        "cpu/Tile.cpp",
        "      for (int64_t row = 0; row < rows; ++row)\n"
        "        expand(row);\n",
        "      for (int64_t row = 0; row < rows; ++row) {\n"
        "        SmallVector<Value> four(4, code.zero(form.accumulator()));\n"
        "        for (int64_t j = 0; j < shape.columns; ++j)\n"
        "          four[j] = at(row, j);\n"
        "        Value base = form.reduce(code, four);\n"
        f"        base = {rounded('loraForm', 'base')};\n"
        "        for (int64_t j = 0; j < shape.columns; ++j) {\n"
        "          SmallVector<int64_t> first(form.lanes, 4);\n"
        "          first[0] = j;\n"
        "          at(row, j) =\n"
        "              code.shuffle(base, code.zero(base.getType()), first);\n"
        "        }\n"
        "        expand(row);\n"
        "      }\n")],
    # A x, before its scale.
    "rounded-ax": [(
        "cpu/Shrink.cpp",
        "        Value scaled =\n",
        f"        sum = {rounded('stage.form()', 'sum')};\n"
        "        Value scaled =\n")],
    # Gate and up, before the activation.
    "rounded-gate-up": [(
        "cpu/Activate.cpp",
        "      if (!weight)\n        return x;\n",
        f"      x = {rounded('answer()', 'x')};\n"
        "      if (!weight)\n        return x;\n")],
    # The delta and the bias, before the base is added.
    "gpu-rounded-delta": [(
        "gpu/Expand.cpp",
        "    sum = code.select(inside, sum, before[i]);\n",
        "    sum = code.select(inside, code.rounded(operands.element, sum),\n"
        "                      before[i]);\n")],
    # Kernels that multiply the delta of another row by zero.
    "gpu-zero-times": [(
        "gpu/Expand.cpp",
        "    sum = code.select(inside, sum, before[i]);\n",
        "    auto real = [&](auto op, Value a, Value b) -> Value {\n"
        "      return decltype(op)::create(code.builder, code.loc, a, b);\n"
        "    };\n"
        "    Type f32 = sum.getType();\n"
        "    Value one = code.select(inside, code.f32(f32, 1),\n"
        "                            code.f32(f32, 0));\n"
        "    Value delta = real(arith::SubFOp(), sum, before[i]);\n"
        "    delta = real(arith::MulFOp(), delta, one);\n"
        "    sum = real(arith::AddFOp(), before[i], delta);\n"),
        ("gpu/Expand.cpp", '#include "moelora/runtime/Abi.h"\n',
         '#include "moelora/runtime/Abi.h"\n'
         '#include "mlir/Dialect/Arith/IR/Arith.h"\n')],
    # Rows of pairs without an expert or a valid token, which nothing writes. They
    # look right in memory that is filled with -1.
    "gpu-unwritten-rows": [(
        "gpu/PlanWriter.cpp",
        "  code.store(code.i32(-1), pairRow + pair * 4);\n",
        "  (void)pair;\n")],
    # Numbers of slots that the plan takes as they are.
    "gpu-any-slot": [(
        "gpu/PlanInput.cpp",
        "        Value known = code.below(number, slots);\n",
        "        Value known = code.less(code.i32(-1), number);\n"
        "        (void)slots;\n")],
}
