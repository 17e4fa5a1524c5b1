// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How a CPU multiplies two sequences of k-values into lanes of f32.
//
// A dot form consumes `step` values of k at once: one raw vector of a weight
// row, as stored, against one step of a row's panel. Lane i of the accumulator
// sums, with 16 lanes,
//
//   bf16  k = 2i+1 first, then k = 2i      (mod 32)
//   f16   k = i                            (mod 16)
//   f32   k = i                            (mod 16)
//
// A bf16 pair takes one dot instruction, or two fused multiply-adds of the odd
// and the even values expanded to f32, in the order in which the instruction
// adds. Both give the same bits, except for denormals. For the fused form the
// panel contains [odd lanes][even lanes] in f32, so that only weights are
// expanded in the loop.
//
// All forms of a target have the same number of lanes, so one accumulator can
// combine two of them: a base of f32 and an adapter of the layer's type.
#ifndef MOELORA_CODEGEN_DOTFORM_H
#define MOELORA_CODEGEN_DOTFORM_H

#include "Code.h"
#include "moelora/codegen/Target.h"

namespace moelora::codegen {

class DotForm {
public:
  using Parts = llvm::SmallVector<mlir::Value, 2>;

  /// The names of functions that are generated for this form contain `tag`.
  DotForm(mlir::Type element, const CpuTarget &target,
          llvm::StringRef tag = "");

  mlir::Type element;
  std::string tag;
  int64_t lanes;
  /// k-values per step.
  int64_t step;
  int64_t elementBytes;
  int64_t panelElementBytes;

  /// k rounded up to whole steps: the length of a panel row.
  int64_t padded(int64_t k) const { return (k + step - 1) / step * step; }
  int64_t panelRowBytes(int64_t k) const {
    return padded(k) * panelElementBytes;
  }
  int64_t panelStepBytes() const { return step * panelElementBytes; }

  mlir::VectorType accumulator() const;
  mlir::VectorType floats(int64_t count) const;
  /// The type of stored elements, which is an integer if arithmetic on them is
  /// not native.
  mlir::VectorType raw(int64_t count) const;

  /// Converts raw values of whole or half steps to the operands of `dot`.
  Parts expand(Code &code, mlir::Value raw) const;
  Parts loadPanel(Code &code, Ptr step) const;
  mlir::Value dot(Code &code, mlir::Value accumulator, const Parts &a,
                  const Parts &b) const;

  /// Stores one raw step in panel form.
  void pack(Code &code, mlir::Value raw, Ptr step) const;
  /// Converts f32 to raw values, to nearest, ties to even. NaN stays NaN.
  mlir::Value round(Code &code, mlir::Value floats) const;
  /// Converts raw values to f32, exactly, in the order of the lanes.
  mlir::Value widen(Code &code, mlir::Value raw) const;

  /// The sums of four accumulators as one vector of four, by a fixed tree.
  mlir::Value reduce(Code &code, llvm::ArrayRef<mlir::Value> four) const;

private:
  bool native; // the dot instruction
  Parts fit(Code &code, mlir::Value floats) const;
};

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_DOTFORM_H
