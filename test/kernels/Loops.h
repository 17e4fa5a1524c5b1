// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The loops of a kernel, and the values that its activation reads.
#ifndef MOELORA_TEST_KERNELS_LOOPS_H
#define MOELORA_TEST_KERNELS_LOOPS_H

#include "mlir/Analysis/CFGLoopInfo.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

#include <optional>
#include <vector>

namespace moelora::kernels {

class Loops {
public:
  explicit Loops(mlir::LLVM::LLVMFuncOp kernel);

  /// Whether a branch decides that a loop goes on.
  bool endsLoop(mlir::LLVM::CondBrOp branch) const;
  /// The value that a loop compares with its bound after a round; null if it
  /// compares something else.
  mlir::Value nextOf(mlir::LLVM::CondBrOp branch) const;

private:
  mlir::DominanceInfo dominance;
  std::optional<mlir::CFGLoopInfo> loops; // none in a kernel of one block
};

bool isInActivation(mlir::Operation *op);
/// The accumulators that the activation reads, in their order: first all of
/// gate, and then all of up. Empty if there is no activation.
std::vector<mlir::Value> activationInputs(mlir::LLVM::LLVMFuncOp kernel);

} // namespace moelora::kernels

#endif // MOELORA_TEST_KERNELS_LOOPS_H
