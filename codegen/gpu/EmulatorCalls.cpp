// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls through the emulator's table, and the places that they name.

#include "gpu/EmulatorCalls.h"
#include "moelora/emulator/Kernel.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace moelora::codegen {

/// A location as a person writes it: "file:line:column", or the names that it
/// was given, the innermost first.
static std::string describe(Location loc) {
  return llvm::TypeSwitch<Attribute, std::string>(loc)
      .Case([](NameLoc named) {
        std::string outer = describe(named.getChildLoc());
        return named.getName().str() + (outer.empty() ? "" : " in ") + outer;
      })
      .Case([](FileLineColLoc file) {
        return (file.getFilename().strref() + ":" + Twine(file.getLine()) +
                ":" + Twine(file.getColumn()))
            .str();
      })
      .Case([](FusedLoc fused) { return describe(fused.getLocations()[0]); })
      .Default([](Attribute) { return std::string(); });
}

uint32_t Sites::add(Operation *op) {
  sites.push_back({op->getName().getStringRef().str(), describe(op->getLoc())});
  return uint32_t(sites.size() - 1);
}

Value EmulatorCalls::call(OpBuilder &builder, Location loc, size_t offset,
                          Type result, ArrayRef<Value> arguments) {
  Code code(builder, loc);
  static_assert(offsetof(moelora_emulator_thread, calls) == 0);
  // Neither the table nor the thread's address of it ever changes.
  Ptr table{&code, code.loadConstant(thread.getType(), {&code, thread})};
  Value callee = code.loadConstant(thread.getType(), table + int64_t(offset));
  SmallVector<Value> operands{callee, thread};
  llvm::append_range(operands, arguments);
  SmallVector<Type> types(ValueRange(operands).drop_front().getTypes());
  auto type = LLVM::LLVMFunctionType::get(result, types);
  auto call = LLVM::CallOp::create(builder, loc, type, operands);
  return call.getNumResults() ? call.getResult() : Value();
}

Value EmulatorCalls::callAt(Operation *op, size_t offset, Type result,
                            ArrayRef<Value> arguments) {
  OpBuilder builder(op);
  SmallVector<Value> all(arguments);
  all.push_back(Code(builder, op->getLoc()).i32(sites.add(op)).value);
  return call(builder, op->getLoc(), offset, result, all);
}

} // namespace moelora::codegen
