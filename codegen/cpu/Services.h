// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The services of the runtime in generated code: tasks on its threads, and the
// plan.
#ifndef MOELORA_CODEGEN_SERVICES_H
#define MOELORA_CODEGEN_SERVICES_H

#include "Unit.h"

namespace moelora::codegen {

using TaskBody =
    llvm::function_ref<void(Code &, Ptr frame, Int task, Int worker)>;
mlir::LLVM::LLVMFuncOp taskFunction(Unit &unit, llvm::StringRef name,
                                    TaskBody body);
Ptr service(Code &code, Ptr frame, int64_t offset);
void parallelFor(Code &code, Ptr frame, Int tasks, mlir::LLVM::LLVMFuncOp task);
Int workers(Code &code, Ptr frame);

/// The parts of a plan that kernels read.
struct PlanView {
  Code &code;
  Ptr plan;
  Int rows();
  Int tiles();
  Int segments();
  Ptr rowToken();
  Ptr rowPair();
  Ptr tile(Int index);
  Ptr segment(Int index);
};

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_SERVICES_H
