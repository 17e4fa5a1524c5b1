// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Converts the structs of a description to attributes. Enumerators have the
// same numbers on both sides, and a number that the dialect does not know is an
// error.
#ifndef MOELORA_LIB_IMPORT_ATTRIBUTES_H
#define MOELORA_LIB_IMPORT_ATTRIBUTES_H

#include "mlir/IR/Diagnostics.h"
#include "moelora/dialect/Dialect.h"
#include "moelora/runtime/Layer.h"

namespace moelora {

/// Null after an error, which `emitError` has reported.
using EmitError = llvm::function_ref<mlir::InFlightDiagnostic()>;

RouterAttr importRouter(mlir::MLIRContext *context, EmitError emitError,
                        const moelora_router &router);
ActivationAttr importActivation(mlir::MLIRContext *context, EmitError emitError,
                                const moelora_activation &activation);
mlir::FloatType importType(mlir::MLIRContext *context, EmitError emitError,
                           int32_t dtype);

} // namespace moelora

#endif // MOELORA_LIB_IMPORT_ATTRIBUTES_H
