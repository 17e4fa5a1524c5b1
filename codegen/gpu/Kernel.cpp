// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "gpu/Kernel.h"
#include "gpu/EmulatedOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace moelora::codegen {

static LLVM::LLVMPointerType pointerIn(MLIRContext *context, unsigned space) {
  return LLVM::LLVMPointerType::get(context, space);
}

/// Functions that narrow what a pointer may reach, and shared memory.
static void declareMemory(OpBuilder &builder, Location loc) {
  MLIRContext *context = builder.getContext();
  for (unsigned space : {GlobalSpace, SharedSpace}) {
    Type pointer = pointerIn(context, space);
    LLVM::LLVMFuncOp::create(
        builder, loc, (boundedFunction + Twine(space)).str(),
        LLVM::LLVMFunctionType::get(pointer, {pointer, builder.getI64Type()}));
  }
  auto bytes = LLVM::LLVMArrayType::get(builder.getI8Type(), 0);
  LLVM::GlobalOp::create(builder, loc, bytes, /*isConstant=*/false,
                         LLVM::Linkage::External, "shared", Attribute(),
                         /*alignment=*/128, SharedSpace);
}

GpuModule::GpuModule(Unit &unit, int64_t architecture)
    : architecture(architecture) {
  OpBuilder builder = unit.atEnd();
  op = gpu::GPUModuleOp::create(builder, unit.loc, unit.prefix);
  std::string chip = "sm_" + std::to_string(architecture);
  auto target = NVVM::NVVMTargetAttr::get(builder.getContext(), /*optLevel=*/2,
                                          "nvptx64-nvidia-cuda", chip);
  op.setTargetsAttr(builder.getArrayAttr(target));
  builder.setInsertionPointToStart(op.getBody());
  declareMemory(builder, unit.loc);
}

Kernel::Kernel(GpuModule &module, const Twine &name, int64_t threads,
               int64_t blocks)
    : module(module), builder(module.op.getContext()),
      code(builder, module.op.getLoc()) {
  info.name = name.str();
  info.threads = threads;
  builder.setInsertionPointToEnd(module.op.getBody());
  auto type = LLVM::LLVMFunctionType::get(
      LLVM::LLVMVoidType::get(builder.getContext()), {});
  function = LLVM::LLVMFuncOp::create(builder, code.loc, info.name, type);
  function->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(),
                    builder.getUnitAttr());
  function->setAttr(NVVM::NVVMDialect::getMaxntidAttrName(),
                    builder.getDenseI32ArrayAttr({int32_t(threads)}));
  function->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(),
                    builder.getI32IntegerAttr(int32_t(blocks)));
  builder.setInsertionPointToStart(function.addEntryBlock(builder));
}

Value Kernel::parameter(int64_t word, Type type) {
  Block &entry = function.getBody().front();
  auto *known = llvm::find(info.words, word);
  if (known != info.words.end())
    return entry.getArgument(unsigned(known - info.words.begin()));
  info.words.push_back(word);
  return entry.addArgument(type, code.loc);
}

Int Kernel::wideNumber(int64_t word) {
  return {&code, parameter(word, builder.getI64Type())};
}

Int Kernel::number(int64_t word) { return code.toI32(wideNumber(word)); }

Ptr Kernel::pointer(int64_t word) {
  return {&code, parameter(word, pointerIn(builder.getContext(), GlobalSpace))};
}

Ptr Kernel::region(int64_t word, RegionSize size) {
  Int bytes = wideNumber(Frame::Tokens) * size.perToken + size.fixed;
  return code.bounded(pointer(word), bytes);
}

KernelInfo Kernel::finish(int64_t sharedBytes) {
  LLVM::ReturnOp::create(builder, code.loc, ValueRange());
  Block &entry = function.getBody().front();
  function.setFunctionType(
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(builder.getContext()),
                                  llvm::to_vector(entry.getArgumentTypes())));
  info.sharedBytes = sharedBytes;
  info.index = int64_t(module.kernels.size());
  module.kernels.push_back(info);
  return info;
}

} // namespace moelora::codegen
