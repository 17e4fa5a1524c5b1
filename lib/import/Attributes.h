// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A description's plain structs as attributes. The enumerators have the same
// numbers on both sides; a number that the dialect does not know is an error.
#ifndef MOELORA_LIB_IMPORT_ATTRIBUTES_H
#define MOELORA_LIB_IMPORT_ATTRIBUTES_H

#include "mlir/IR/Diagnostics.h"
#include "moelora/dialect/Dialect.h"
#include "moelora/runtime/Layer.h"

namespace moelora {

/// Null where there was an error; `emitError` said which.
using EmitError = llvm::function_ref<mlir::InFlightDiagnostic()>;

RouterAttr importRouter(mlir::MLIRContext *context, EmitError emitError,
                        const moelora_router &router);
ActivationAttr importActivation(mlir::MLIRContext *context, EmitError emitError,
                                const moelora_activation &activation);
mlir::FloatType importType(mlir::MLIRContext *context, EmitError emitError,
                           int32_t dtype);

} // namespace moelora

#endif // MOELORA_LIB_IMPORT_ATTRIBUTES_H
