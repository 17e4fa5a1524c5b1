// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "gpu/Binaries.h"
#include "Record.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;

namespace moelora::codegen {

FailureOr<int64_t> architectureOf(gpu::GPUModuleOp module) {
  if (ArrayAttr targets = module.getTargetsAttr())
    for (auto target : targets.getAsRange<NVVM::NVVMTargetAttr>()) {
      int64_t number = 0;
      if (!target.getChip().drop_front(3).consumeInteger(10, number))
        return number;
    }
  return module.emitOpError("expects an #nvvm.target with a chip");
}

std::string binariesOf(StringRef gpuModule) {
  return (gpuModule + ".binaries").str();
}

SmallVector<gpu::GPUModuleOp> loweredGpuModules(ModuleOp module) {
  return llvm::filter_to_vector(
      module.getOps<gpu::GPUModuleOp>(), [](gpu::GPUModuleOp gpu) {
        return llvm::all_of(gpu.getOps(), [](Operation &op) {
          return isa<LLVM::LLVMDialect>(op.getDialect());
        });
      });
}

void defineBinaries(Unit &unit, ArrayRef<Binary> binaries) {
  if (Operation *declared = unit.module.lookupSymbol(unit.symbol("binaries")))
    declared->erase();
  unit.constant("binaries", [&](Code &code) {
    SmallVector<Value> rows;
    for (Binary binary : binaries)
      rows.push_back(Record(code)
                         .i32(binary.kind)
                         .i32(0)
                         .i64(binary.bytes)
                         .pointer(code.address(binary.data))
                         .finish(sizeof(moelora_binary)));
    return makeArray(code, rows);
  });
}

} // namespace moelora::codegen
