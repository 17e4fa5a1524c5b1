// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "gpu/WarpRow.h"
#include <limits>

using namespace mlir;

namespace moelora::codegen {

Value WarpRow::isWithin(int64_t i, int64_t begin, int64_t end) {
  int64_t first = std::max<int64_t>(begin - i * WarpLanes, 0);
  int64_t last = std::min(end - i * WarpLanes, WarpLanes);
  if (first >= last)
    return code.bit(false);
  if (last - first == WarpLanes)
    return code.bit(true);
  return code.below(lane - first, code.i32(last - first));
}

static Real shuffled(Real value, Int lane) {
  return {value.code, value.code->shuffleFrom(value.value, lane)};
}

WarpRow::Reals WarpRow::load(Ptr from) {
  Reals row;
  for (int64_t i = 0; i < registers(); ++i) {
    Int last = code.i32(count - 1);
    Int place = orElse(i, index(i), last);
    row.push_back({&code, code.loadFloat(from + place * 4)});
  }
  return row;
}

Real WarpRow::at(const Reals &row, Int index) {
  Int source = index & (WarpLanes - 1), which = index / WarpLanes;
  Real result{&code, code.f32(code.builder.getF32Type(), 0)};
  for (int64_t i = 0; i < registers(); ++i)
    result = select(code.equal(which, code.i32(i)),
                    shuffled(row[size_t(i)], source), result);
  return result;
}

Real WarpRow::largest(const Reals &row) {
  Real top = like(row[0], -std::numeric_limits<double>::infinity());
  Real none = top;
  for (int64_t i = 0; i < registers(); ++i)
    top = larger(top, orElse(i, row[size_t(i)], none));
  for (int64_t lanes = 1; lanes < WarpLanes; lanes *= 2)
    top = larger(top, {&code, code.shuffleXor(top.value, lanes)});
  return top;
}

Real WarpRow::sum(const Reals &row) {
  constexpr int64_t parts = 8, eighths = WarpLanes / parts;
  Real zero = like(row[0], 0), part = zero;
  Reals values;
  for (int64_t i = 0; i < registers(); ++i)
    values.push_back(orElse(i, row[size_t(i)], zero));
  for (int64_t n = 0; n * parts < count; ++n) {
    Int source = (lane & (parts - 1)) + n % eighths * parts;
    part = part + shuffled(values[size_t(n / eighths)], source);
  }
  Real all = zero;
  for (int64_t i = 0; i < std::min(parts, count); ++i)
    all = all + shuffled(part, code.i32(i));
  return all;
}

Int WarpRow::takeLargest(Ints &row) {
  Int best = row[0];
  for (Int next : llvm::drop_begin(row))
    best = code.select(code.below(best, next), next, best);
  Int top = code.reduceMax(best);
  Int none = code.i32(-1), place = none;
  for (int64_t i = registers(); i-- > 0;)
    place = code.select(code.equal(row[size_t(i)], top), index(i), place);
  Int taken = code.reduceMin(place), from = taken - lane;
  for (int64_t i = 0; i < registers(); ++i) {
    Value here = code.equal(from, code.i32(i * WarpLanes));
    row[size_t(i)] = code.select(here, code.i32(0), row[size_t(i)]);
  }
  return taken;
}

} // namespace moelora::codegen
