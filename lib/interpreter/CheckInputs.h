// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is checked before a layer is run, so that evaluation may trust sizes.

#ifndef MOELORA_INTERPRETER_CHECKINPUTS_H
#define MOELORA_INTERPRETER_CHECKINPUTS_H

#include "moelora/interpreter/Interpreter.h"

namespace moelora::interpreter {

/// Every argument is what its type says.
mlir::LogicalResult checkInputs(LayerOp layer, const Inputs &inputs);

} // namespace moelora::interpreter

#endif // MOELORA_INTERPRETER_CHECKINPUTS_H
