// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One kernel of a layer, compiled alone.
#ifndef MOELORA_TEST_EMULATOR_LAYERKERNELS_H
#define MOELORA_TEST_EMULATOR_LAYERKERNELS_H

#include "CompiledKernels.h"
#include "moelora/import/Import.h"

#include <memory>

namespace moelora::test {

const std::string emulatedTarget = "emulated-sm_80",
                  layerPrefix = "layer." + emulatedTarget;

/// A layer with this router and few features.
moelora_layer smallLayer(const moelora_router &router);

/// Builds a layer up to the conversion to kernels, with tiles of one size.
mlir::LogicalResult scheduleLayer(mlir::ModuleOp module,
                                  const moelora_layer &layer,
                                  const LayerOptions &options, int64_t tile);

/// Converts one kernel of a GPU module to code of the host, and erases the
/// others.
mlir::LogicalResult emulateKernel(mlir::ModuleOp module,
                                  llvm::StringRef kernel);

/// Compiles a kernel of a layer without adapters that has router logits as an
/// input. The test fails if the layer cannot be compiled.
std::unique_ptr<CompiledKernels> compileKernel(const moelora_layer &layer,
                                               const std::string &kernel,
                                               const std::string &options);

} // namespace moelora::test

#endif // MOELORA_TEST_EMULATOR_LAYERKERNELS_H
