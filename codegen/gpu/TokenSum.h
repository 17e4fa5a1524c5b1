// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The result of one token: the weighted sum of its rows in ascending order, and
// what is added to it.
//
//   total = 0;  for each row of the token, ascending: total += w * y
//   out = round(routed_scale * (total + identity) + factor * shared)
#ifndef MOELORA_CODEGEN_GPU_TOKENSUM_H
#define MOELORA_CODEGEN_GPU_TOKENSUM_H

#include "gpu/GpuLowering.h"
#include "gpu/PlanView.h"

namespace moelora::codegen {

/// The words of what a combine reads and writes.
struct TokenSum {
  TokenSum(GpuLowering &lowering, GroupedMatmulOp op);

  mutable GroupedMatmulOp op; // ops are handles whose getters are not const
  const GpuPlan *plan;
  mlir::Type result; // element type
  int64_t n, output;
  int64_t weights = -1, identity = -1, identityWeights = -1, shared = -1,
          score = -1;
};

/// A warp that computes results of tokens.
class TokenSummer {
public:
  /// `rows` are the f32 rows of the plan.
  TokenSummer(Kernel &kernel, StoredPlan &plan, const TokenSum &sum, Ptr rows);

  /// All rows of this lane's choice of a token, and whether there is one.
  void select(Int token);
  mlir::Value hasRows();
  /// Features first + lane + 32 i, for i in [0, count).
  void write(Int first, int64_t count);
  /// The same for a token without rows.
  void writeEmpty(Int first, int64_t count);

private:
  Code::Values total(Int first, int64_t count);
  void finish(Int first, llvm::ArrayRef<mlir::Value> totals);
  mlir::Value finish(Int feature, mlir::Value total);
  mlir::Value sharedFactor();
  mlir::Value addTimes(mlir::Value factor, mlir::Value x, mlir::Value sum);
  Int element(Int feature) { return token * sum.n + feature; }

  Kernel &kernel;
  KernelCode &code;
  StoredPlan &plan;
  const TokenSum &sum;
  Ptr rows, output;
  Int token{}, ownRow{};
};

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_TOKENSUM_H
