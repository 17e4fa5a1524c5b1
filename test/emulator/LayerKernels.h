// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One kernel of a layer, compiled alone.
#ifndef MOELORA_TEST_EMULATOR_LAYERKERNELS_H
#define MOELORA_TEST_EMULATOR_LAYERKERNELS_H

#include "CompiledKernels.h"
#include "moelora/runtime/Layer.h"

#include <memory>

namespace moelora::test {

/// Compiles a kernel of a layer without adapters that has router logits as an
/// input. The test fails if the layer cannot be compiled.
std::unique_ptr<CompiledKernels> compileKernel(const moelora_layer &layer,
                                               const std::string &kernel,
                                               const std::string &options);

} // namespace moelora::test

#endif // MOELORA_TEST_EMULATOR_LAYERKERNELS_H
