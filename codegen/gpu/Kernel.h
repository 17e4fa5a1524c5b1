// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// GPU modules and the kernels in them. The parameters of a kernel are words of
// the host's frame, each of 8 bytes.
#ifndef MOELORA_CODEGEN_GPU_KERNEL_H
#define MOELORA_CODEGEN_GPU_KERNEL_H

#include "Frame.h"
#include "gpu/KernelCode.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace moelora::codegen {

/// What a launch needs to know of a kernel.
struct KernelInfo {
  std::string name;
  int64_t index = 0; // in the variant
  int64_t threads = 0, sharedBytes = 0;
  llvm::SmallVector<int64_t> words; // of the parameters
};

/// The GPU module of a layer, which is named like the unit of its host code.
class GpuModule {
public:
  GpuModule(Unit &unit, int64_t architecture);

  mlir::gpu::GPUModuleOp op;
  const int64_t architecture;
  std::vector<KernelInfo> kernels;
};

/// A kernel while it is written.
class Kernel {
public:
  /// `blocks` is the number of thread blocks that a multiprocessor shall hold.
  Kernel(GpuModule &module, const llvm::Twine &name, int64_t threads,
         int64_t blocks = 1);

  /// The parameter of a word.
  Int number(int64_t word);
  Int wideNumber(int64_t word); // an i64
  Ptr pointer(int64_t word);
  /// A pointer to a region with `size` bytes for the tokens of the chunk.
  Ptr region(int64_t word, RegionSize size);
  Int tokens() { return number(Frame::Tokens); }
  int64_t threads() const { return info.threads; }

  /// Ends the kernel. The result stays valid as long as the module.
  KernelInfo finish(int64_t sharedBytes);

private:
  mlir::Value parameter(int64_t word, mlir::Type type);

  GpuModule &module;
  KernelInfo info;
  mlir::LLVM::LLVMFuncOp function;
  mlir::OpBuilder builder;

public:
  KernelCode code;
};

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_KERNEL_H
