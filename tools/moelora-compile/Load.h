// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the input to one layer of IR. A null module: stderr says why.
#ifndef MOELORA_TOOLS_COMPILE_LOAD_H
#define MOELORA_TOOLS_COMPILE_LOAD_H

#include "Options.h"
#include "moelora/import/Import.h"

/// A file of IR; it must hold one layer, and what the command line says of
/// slots and ranks must be what the layer has.
mlir::OwningOpRef<mlir::ModuleOp> loadIR(mlir::MLIRContext &context,
                                         const Options &options);

/// Layer `number` of a model.
mlir::OwningOpRef<mlir::ModuleOp> loadLayer(mlir::MLIRContext &context,
                                            const moelora::models::Model &model,
                                            int number, const Options &options);

/// The model folder or config.json that is the input.
std::optional<moelora::models::Model> loadModel(const Options &options);

#endif // MOELORA_TOOLS_COMPILE_LOAD_H
