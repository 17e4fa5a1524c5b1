// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs a layer that is not cut.

#include "moelora/interpreter/Interpreter.h"
#include "CheckInputs.h"
#include "Rank.h"

using namespace mlir;

namespace moelora::interpreter {
FailureOr<Tensor> interpret(LayerOp layer, const Inputs &inputs, Mode mode,
                            const std::function<void()> &afterOp) {
  if (layer.getGrid())
    return layer.emitOpError("expects the inputs of all ranks of its grid, but "
                             "there are those of one");
  if (failed(checkInputs(layer, inputs)))
    return failure();
  unsigned hidden = layer.getArgument(Role::Hidden).getArgNumber();
  int64_t tokens = std::get<Tensor>(inputs.arguments[hidden]).rows();
  Rank rank(layer, inputs, mode, Place({}, 0, tokens));
  Block &body = layer.getBody().front();
  for (Operation &op : body.without_terminator()) {
    if (failed(rank.evaluate(&op)))
      return failure();
    if (afterOp)
      afterOp();
  }
  return rank.tensor(body.getTerminator()->getOperand(0));
}

} // namespace moelora::interpreter
