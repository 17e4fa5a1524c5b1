// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bufferization of calls: tensors become memrefs, and the result a new buffer
// with as many rows as the hidden states.

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "moelora/dialect/Ops.h"

using namespace mlir;
using namespace mlir::bufferization;
using namespace moelora;

bool CallOp::bufferizesToMemoryRead(OpOperand &, const AnalysisState &) {
  return true;
}

bool CallOp::bufferizesToMemoryWrite(OpOperand &, const AnalysisState &) {
  return false;
}

AliasingValueList CallOp::getAliasingValues(OpOperand &,
                                            const AnalysisState &) {
  return {};
}

bool CallOp::bufferizesToAllocation(Value) { return true; }

/// A new buffer is row-major.
FailureOr<BufferLikeType>
CallOp::getBufferType(Value value, const BufferizationOptions &options,
                      const BufferizationState &, SmallVector<Value> &) {
  auto type = cast<RankedTensorType>(value.getType());
  std::optional<Attribute> space = options.defaultMemorySpaceFn(type);
  if (!space)
    return emitOpError() << "expects a memory space for its result";
  return cast<BufferLikeType>(
      getMemRefTypeWithStaticIdentityLayout(type, *space));
}

/// The buffers of tensors; slot tables stay as they are.
static FailureOr<SmallVector<Value>>
buffersOf(CallOp call, RewriterBase &rewriter,
          const BufferizationOptions &options, BufferizationState &state) {
  SmallVector<Value> buffers;
  for (Value input : call.getInputs()) {
    if (!isa<TensorType>(input.getType())) {
      buffers.push_back(input);
      continue;
    }
    FailureOr<Value> buffer = getBuffer(rewriter, input, options, state);
    if (failed(buffer))
      return failure();
    buffers.push_back(*buffer);
  }
  return buffers;
}

/// The number of tokens: only the first size of rows is dynamic.
static Value countRows(RewriterBase &rewriter, Location loc,
                       ValueRange buffers) {
  for (Value buffer : buffers)
    if (auto type = dyn_cast<MemRefType>(buffer.getType());
        type && type.getRank() && type.isDynamicDim(0))
      return memref::DimOp::create(rewriter, loc, buffer, 0);
  return {};
}

LogicalResult CallOp::bufferize(RewriterBase &rewriter,
                                const BufferizationOptions &options,
                                BufferizationState &state) {
  auto buffers = buffersOf(*this, rewriter, options, state);
  auto type = bufferization::getBufferType(getResult(), options, state);
  if (failed(buffers) || failed(type))
    return failure();
  Value rows = countRows(rewriter, getLoc(), *buffers);
  if (!rows)
    return emitOpError() << "expects an operand with a row for each token";
  FailureOr<Value> destination =
      options.createAlloc(rewriter, getLoc(), cast<MemRefType>(*type), rows);
  if (failed(destination))
    return failure();
  CallOp::create(rewriter, getLoc(), Type(), getCalleeAttr(), *buffers,
                 *destination, getRunContext(), getNumber(), getCutAttr());
  replaceOpWithBufferizedValues(rewriter, *this, *destination);
  return success();
}
