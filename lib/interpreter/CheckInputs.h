// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The checks before a layer is run, so that evaluation can rely on sizes.

#ifndef MOELORA_INTERPRETER_CHECKINPUTS_H
#define MOELORA_INTERPRETER_CHECKINPUTS_H

#include "moelora/interpreter/Interpreter.h"

namespace moelora::interpreter {

/// Checks that every argument matches its type.
mlir::LogicalResult checkInputs(LayerOp layer, const Inputs &inputs);

} // namespace moelora::interpreter

#endif // MOELORA_INTERPRETER_CHECKINPUTS_H
