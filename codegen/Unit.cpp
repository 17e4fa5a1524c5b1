// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions and constants of a generated module.

#include "Unit.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace moelora::codegen {

OpBuilder Unit::atEnd() { return OpBuilder::atBlockEnd(module.getBody()); }

Type Unit::pointer() { return LLVM::LLVMPointerType::get(context()); }
Type Unit::i64() { return IntegerType::get(context(), 64); }
Type Unit::none() { return LLVM::LLVMVoidType::get(context()); }

/// The attributes of every function. Features are exact, so that LLVM uses none
/// that the artifact does not list. The CPU only tunes the schedule.
static ArrayAttr functionAttributes(MLIRContext *context,
                                    const CpuTarget &target) {
  std::string features;
  for (StringRef feature : llvm::split(target.features(), ','))
    features += (features.empty() ? "+" : ",+") + feature.str();
  bool wide = target.lanes() == 16;
  std::pair<StringRef, std::string> pairs[] = {
      {"target-cpu", "x86-64"},
      {"tune-cpu", target.cpu},
      {"target-features", features},
      {"prefer-vector-width", wide ? "512" : "256"},
      {"min-legal-vector-width", wide ? "512" : "256"}};
  Builder builder(context);
  SmallVector<Attribute> list;
  for (const auto &[key, value] : pairs)
    list.push_back(builder.getStrArrayAttr({key, value}));
  list.push_back(builder.getStringAttr("nounwind"));
  return builder.getArrayAttr(list);
}

LLVM::LLVMFuncOp Unit::define(StringRef symbol, ArrayRef<Type> arguments,
                              Type result, Body body) {
  OpBuilder builder = atEnd();
  auto type = LLVM::LLVMFunctionType::get(result, arguments);
  auto function = LLVM::LLVMFuncOp::create(builder, loc, symbol, type);
  function.setPassthroughAttr(functionAttributes(context(), target));
  Block *entry = function.addEntryBlock(builder);
  builder.setInsertionPointToStart(entry);
  Code code(builder, loc);
  body(code, entry->getArguments());
  if (isa<LLVM::LLVMVoidType>(result))
    LLVM::ReturnOp::create(builder, loc, ValueRange());
  return function;
}

LLVM::LLVMFuncOp Unit::function(StringRef name, ArrayRef<Type> arguments,
                                Type result, Body body) {
  auto function = define(symbol(name), arguments, result, body);
  function.setLinkage(LLVM::Linkage::Internal);
  return function;
}

LLVM::LLVMFuncOp Unit::exported(StringRef name, ArrayRef<Type> arguments,
                                Type result, Body body) {
  return define(name, arguments, result, body);
}

LLVM::LLVMFuncOp Unit::find(StringRef name) {
  return module.lookupSymbol<LLVM::LLVMFuncOp>(symbol(name));
}

LLVM::GlobalOp Unit::constant(StringRef name,
                              llvm::function_ref<Value(Code &)> body) {
  OpBuilder builder = atEnd();
  // The global has the type of the value, which does not exist yet.
  auto global = LLVM::GlobalOp::create(builder, loc, i64(), /*isConstant=*/true,
                                       LLVM::Linkage::Internal, symbol(name),
                                       Attribute(), /*alignment=*/8);
  builder.createBlock(&global.getInitializerRegion());
  Code code(builder, loc);
  Value value = body(code);
  LLVM::ReturnOp::create(builder, loc, value);
  global.setGlobalType(value.getType());
  return global;
}

LLVM::GlobalOp Unit::bytes(StringRef name, StringRef data) {
  OpBuilder builder = atEnd();
  auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), data.size());
  return LLVM::GlobalOp::create(builder, loc, type, /*isConstant=*/true,
                                LLVM::Linkage::Internal, symbol(name),
                                builder.getStringAttr(data),
                                /*alignment=*/8);
}

LLVM::GlobalOp Unit::text(StringRef name, StringRef data) {
  return bytes(name, (data + Twine('\0')).str());
}

} // namespace moelora::codegen
