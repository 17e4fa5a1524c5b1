// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loads the input as layers of IR. Functions return null after an error on
// stderr.
#ifndef MOELORA_TOOLS_COMPILE_LOAD_H
#define MOELORA_TOOLS_COMPILE_LOAD_H

#include "Options.h"
#include "moelora/import/Import.h"

/// Loads the layers of a file of IR, and those of the parts that its calls
/// name. Everything else belongs to a host program and is left out. The slots
/// and ranks on the command line must be those of each layer.
mlir::OwningOpRef<mlir::ModuleOp> loadIR(mlir::MLIRContext &context,
                                         const Options &options);

/// Imports layer `number` of a model.
mlir::OwningOpRef<mlir::ModuleOp> loadLayer(mlir::MLIRContext &context,
                                            const moelora::models::Model &model,
                                            int number, const Options &options);

/// The model folder or config.json that is the input.
std::optional<moelora::models::Model> loadModel(const Options &options);

#endif // MOELORA_TOOLS_COMPILE_LOAD_H
