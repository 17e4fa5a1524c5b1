// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registration, and the rule for the one discardable attribute.

#include "moelora/dialect/Dialect.h"
#include "Bytecode.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Transforms/InliningUtils.h"
#include "moelora/dialect/Ops.h"

using namespace mlir;
using namespace moelora;

#include "moelora/dialect/Dialect.cpp.inc"

namespace {

/// No op depends on where it is.
struct MoELoRAInlinerInterface : public DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;
  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final {
    return true;
  }
};

} // namespace

void MoELoRADialect::initialize() {
  registerAttributes();
  registerTypes();
  addOperations<
#define GET_OP_LIST
#include "moelora/dialect/RoutedOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "moelora/dialect/FusedOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "moelora/dialect/ShardOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "moelora/dialect/CallOps.cpp.inc"
      >();
  addInterfaces<MoELoRAInlinerInterface>();
  addBytecodeInterface(*this);
}

LogicalResult MoELoRADialect::verifyRegionArgAttribute(Operation *op, unsigned,
                                                       unsigned argument,
                                                       NamedAttribute attr) {
  if (attr.getName() != "moelora.role")
    return op->emitError() << "expects the moelora attribute of argument "
                           << argument << " to be 'moelora.role', but it is "
                           << attr.getName();
  if (!isa<RoleAttr>(attr.getValue()))
    return op->emitError() << "expects 'moelora.role' of argument " << argument
                           << " to be a #moelora.role<...>, but it is "
                           << attr.getValue();
  return success();
}
