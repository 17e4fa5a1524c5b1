// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A row of numbers in the registers of a warp: number l + 32 i is in register i
// of lane l. Loops over the registers are unrolled, because registers have no
// addresses.
#ifndef MOELORA_CODEGEN_GPU_WARPROW_H
#define MOELORA_CODEGEN_GPU_WARPROW_H

#include "gpu/Real.h"

namespace moelora::codegen {

/// The place of numbers.
class WarpRow {
public:
  WarpRow(KernelCode &code, int64_t count)
      : count(count), code(code), lane(code.lane()) {}

  using Reals = llvm::SmallVector<Real>;
  using Ints = llvm::SmallVector<Int>;

  int64_t registers() const { return (count + WarpLanes - 1) / WarpLanes; }
  /// The index of register i's number.
  Int index(int64_t i) { return lane + i * WarpLanes; }
  /// Whether register i has a number in [begin, end).
  mlir::Value isWithin(int64_t i, int64_t begin, int64_t end);
  /// The value, and `otherwise` in lanes without a number.
  template <typename T> T orElse(int64_t i, T value, T otherwise) {
    if ((i + 1) * WarpLanes <= count)
      return value;
    return select(isWithin(i, 0, count), value, otherwise);
  }

  /// Lanes without a number get the last one.
  Reals load(Ptr from);
  /// The number at an index that each lane gives, or 0 if there is none.
  Real at(const Reals &row, Int index);
  /// NaN is not the largest.
  Real largest(const Reals &row);
  /// In the order of the CPU's router: of eight partial sums, each has every
  /// eighth number.
  Real sum(const Reals &row);

  /// The index of the largest unsigned number, the lowest of equal ones. The
  /// number is replaced by 0.
  Int takeLargest(Ints &row);

  const int64_t count;

private:
  Int select(mlir::Value condition, Int a, Int b) {
    return code.select(condition, a, b);
  }
  Real select(mlir::Value condition, Real a, Real b) {
    return codegen::select(condition, a, b);
  }

  KernelCode &code;
  Int lane;
};

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_WARPROW_H
