// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The verifiers of types.

#include "VerifyShapes.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace moelora;

#define GET_TYPEDEF_CLASSES
#include "moelora/dialect/Types.cpp.inc"

void MoELoRADialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "moelora/dialect/Types.cpp.inc"
      >();
}

// A slot id has 16 bits for the slot index.
static constexpr int64_t maxSlots = 1 << 16;

LogicalResult
SlotTableType::verify(function_ref<InFlightDiagnostic()> emitError,
                      int64_t slots, int64_t experts, int64_t slices,
                      int64_t out, int64_t in, int64_t maxRank,
                      Type elementType, PageOrder pageOrder, Sharing) {
  if (!isa<BFloat16Type, Float16Type, Float32Type>(elementType))
    return emitError() << "expects a table of bf16, f16 or f32, but it is of "
                       << elementType;
  if (pageOrder == PageOrder::FragmentMajor && elementType.isF32())
    return emitError() << "expects fragment_major pages to have elements of 2 "
                          "bytes, but they are of "
                       << elementType;
  return success(
      succeeded(verifySize(emitError, "slots", slots, 0, maxSlots)) &&
      succeeded(verifySize(emitError, "experts", experts, 1, maxSize)) &&
      succeeded(verifySize(emitError, "slices", slices, 1, 2)) &&
      succeeded(verifySize(emitError, "out", out, 1, maxSize)) &&
      succeeded(verifySize(emitError, "in", in, 1, maxSize)) &&
      succeeded(verifySize(emitError, "max_rank", maxRank, 1, maxSize)));
}

LogicalResult PlanType::verify(function_ref<InFlightDiagnostic()> emitError,
                               int64_t experts, int64_t slots, int64_t topK) {
  return success(
      succeeded(verifySize(emitError, "experts", experts, 1, maxSize)) &&
      succeeded(verifySize(emitError, "slots", slots, 0, maxSlots)) &&
      succeeded(verifySize(emitError, "top_k", topK, 1, maxSize)));
}
