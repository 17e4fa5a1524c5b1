// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The names of the kernels of a layer on a GPU.

#ifndef MOELORA_PASSES_KERNELNAMES_H
#define MOELORA_PASSES_KERNELNAMES_H

#include "moelora/dialect/Ops.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/Twine.h"

namespace moelora {

/// The stage of a grouped_matmul: gate_up, down or linear.
inline llvm::StringRef stageOf(GroupedMatmulOp op) {
  return op.getActivation() ? "gate_up" : op.combines() ? "down" : "linear";
}

/// Numbers the stages of a layer in the order of their ops: shrink, shrink_1,
/// ...
class KernelNames {
public:
  std::string next(llvm::StringRef stage) {
    int64_t count = counts[stage]++;
    return count ? (stage + "_" + llvm::Twine(count)).str() : stage.str();
  }

private:
  llvm::StringMap<int64_t> counts;
};

} // namespace moelora

#endif // MOELORA_PASSES_KERNELNAMES_H
