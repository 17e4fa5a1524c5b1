// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The entry point that resolves the slot ids of a step on a device
// (moelora_resolve_operand in moelora/runtime/Abi.h).
#ifndef MOELORA_CODEGEN_GPU_RESOLVE_H
#define MOELORA_CODEGEN_GPU_RESOLVE_H

#include "Artifact.h"
#include "gpu/GpuLowering.h"

namespace moelora::codegen {

class ResolveStep {
public:
  /// Declares words and writes the kernel.
  explicit ResolveStep(GpuLowering &lowering);

  /// Called after the layer is declared.
  EntryPoint emitEntry();

private:
  void emitKernel();
  void storeWords(Code &code, Ptr frame, Ptr args);

  GpuLowering &lowering;
  const int64_t ids, directory, words, numbers, ticket, slots, indexBits;
  KernelInfo kernel;
};

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_RESOLVE_H
