// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "CallCode.h"
#include "OperandTypes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/FunctionCallUtils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include <cstddef>

using namespace mlir;

namespace moelora::codegen {

static constexpr StringLiteral callFunction = "moelora_call";

FailureOr<CallSite> declareCallSite(LayerOp layer, ModuleOp module) {
  OpBuilder builder(module.getBody(), module.getBody()->begin());
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
  Type i32 = builder.getI32Type(), i64 = builder.getI64Type();
  FailureOr<LLVM::LLVMFuncOp> function =
      LLVM::lookupOrCreateFn(builder, module, callFunction,
                             {pointer, i64, pointer, i32, pointer}, i32);
  if (failed(function))
    return failure();
  std::string text = (layer.getSymName() + Twine('\0')).str();
  auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), text.size());
  auto name = LLVM::GlobalOp::create(
      builder, layer.getLoc(), type, /*isConstant=*/true,
      LLVM::Linkage::Internal, ("moelora_name_of_" + layer.getSymName()).str(),
      builder.getStringAttr(text));
  SymbolTable(module).insert(name); // appends a number if there is such a name
  return CallSite{layer, *function, name};
}

namespace {

/// Stores the fields of a moelora_memory by their offsets in C.
class MemoryWriter {
public:
  MemoryWriter(OpBuilder &builder, Location loc, Value array, int64_t index)
      : builder(builder), loc(loc), array(array),
        start(index * int64_t(sizeof(moelora_memory))) {}

  void i32(size_t offset, int64_t value) {
    store(offset,
          LLVM::ConstantOp::create(builder, loc, builder.getI32Type(), value));
  }
  void store(size_t offset, Value value) {
    auto place = LLVM::GEPOp::create(
        builder, loc, array.getType(), builder.getI8Type(), array,
        ArrayRef<LLVM::GEPArg>{int32_t(start + int64_t(offset))});
    LLVM::StoreOp::create(builder, loc, value, place);
  }
  /// Sizes or strides, which are indices, without the first `drop` ones.
  void dims(size_t offset, ValueRange values, size_t drop) {
    for (auto [at, value] : llvm::enumerate(values.drop_front(drop)))
      store(offset + sizeof(int64_t) * at, toI64(value));
  }
  Value toI64(Value index) {
    return arith::IndexCastOp::create(builder, loc, builder.getI64Type(),
                                      index);
  }

private:
  OpBuilder &builder;
  Location loc;
  Value array;
  int64_t start;
};

/// The address of the first element.
Value addressOf(OpBuilder &builder, Location loc, Value memory, Value offset) {
  auto type = cast<MemRefType>(memory.getType());
  Value start =
      memref::ExtractAlignedPointerAsIndexOp::create(builder, loc, memory);
  Value size = arith::ConstantIndexOp::create(
      builder, loc, type.getElementTypeBitWidth() / 8);
  Value bytes = arith::MulIOp::create(builder, loc, offset, size);
  Value sum = arith::AddIOp::create(builder, loc, start, bytes);
  Value word =
      arith::IndexCastOp::create(builder, loc, builder.getI64Type(), sum);
  return LLVM::IntToPtrOp::create(
      builder, loc, LLVM::LLVMPointerType::get(builder.getContext()), word);
}

void writeTensor(OpBuilder &builder, Location loc, MemoryWriter &to,
                 const CallOperand &operand) {
  auto type = cast<MemRefType>(operand.value.getType());
  OperandType row =
      operandType(operand.role, RankedTensorType::get(type.getShape(),
                                                      type.getElementType()));
  size_t drop = size_t(type.getRank()) - row.shape.size();
  auto parts =
      memref::ExtractStridedMetadataOp::create(builder, loc, operand.value);
  to.i32(offsetof(moelora_memory, dtype), row.dtype);
  to.i32(offsetof(moelora_memory, dims), int64_t(row.shape.size()));
  to.store(offsetof(moelora_memory, data),
           addressOf(builder, loc, operand.value, parts.getOffset()));
  to.dims(offsetof(moelora_memory, shape), parts.getSizes(), drop);
  to.dims(offsetof(moelora_memory, stride), parts.getStrides(), drop);
}

/// An array of zeros.
Value makeArray(OpBuilder &builder, Location loc, size_t count) {
  auto type = LLVM::LLVMArrayType::get(
      builder.getI64Type(), count * sizeof(moelora_memory) / sizeof(int64_t));
  Value one = LLVM::ConstantOp::create(builder, loc, builder.getI64Type(), 1);
  Value array = LLVM::AllocaOp::create(
      builder, loc, LLVM::LLVMPointerType::get(builder.getContext()), type,
      one);
  Value bytes =
      LLVM::ConstantOp::create(builder, loc, builder.getI64Type(),
                               int64_t(count * sizeof(moelora_memory)));
  Value zero = LLVM::ConstantOp::create(builder, loc, builder.getI8Type(), 0);
  LLVM::MemsetOp::create(builder, loc, array, zero, bytes,
                         /*isVolatile=*/false);
  return array;
}

} // namespace

void emitCall(OpBuilder &builder, Location loc, const CallSite &site,
              ArrayRef<CallOperand> operands, Value context, Value number) {
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
  // The call may stand in a loop.
  Value stack = LLVM::StackSaveOp::create(builder, loc, pointer);
  Value array = makeArray(builder, loc, operands.size());
  for (auto [index, operand] : llvm::enumerate(operands)) {
    MemoryWriter to(builder, loc, array, int64_t(index));
    to.i32(offsetof(moelora_memory, size), sizeof(moelora_memory));
    to.i32(offsetof(moelora_memory, role), operand.role);
    if (isa<MemRefType>(operand.value.getType()))
      writeTensor(builder, loc, to, operand);
    else
      to.store(offsetof(moelora_memory, data), operand.value);
  }
  Value count = LLVM::ConstantOp::create(builder, loc, builder.getI32Type(),
                                         int64_t(operands.size()));
  Value name = LLVM::AddressOfOp::create(builder, loc, site.name);
  Value which =
      arith::IndexCastOp::create(builder, loc, builder.getI64Type(), number);
  LLVM::CallOp::create(builder, loc, site.function,
                       ValueRange{context, which, name, count, array});
  LLVM::StackRestoreOp::create(builder, loc, stack);
}

} // namespace moelora::codegen
