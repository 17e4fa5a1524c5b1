// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ranks whose tokens a value has.

#ifndef MOELORA_DIALECT_ROWAXES_H
#define MOELORA_DIALECT_ROWAXES_H

#include "moelora/dialect/Dialect.h"

namespace moelora {

/// The axes over which the rows of a value, or the tokens of a plan, are
/// gathered. Null if they are this rank's.
AxesAttr gatheredOver(mlir::Value value);

/// The axes of rows gathered over `gathered`, of which some are taken along
/// `own`: all of the axes, or the first.
AxesAttr withoutAxes(AxesAttr gathered, AxesAttr own);

} // namespace moelora

#endif // MOELORA_DIALECT_ROWAXES_H
