// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass: each GPU module of the llvm dialect becomes PTX inside the
// artifact.

#include "gpu/Binaries.h"
#include "gpu/Ptx.h"
#include "moelora/codegen/Passes.h"

using namespace mlir;

namespace moelora {

#define GEN_PASS_DEF_EMITPTX
#include "moelora/codegen/Passes.h.inc"

namespace {

using namespace codegen;

struct EmitPtx : impl::EmitPtxBase<EmitPtx> {
  using EmitPtxBase::EmitPtxBase;

  void runOnOperation() override {
    for (gpu::GPUModuleOp gpu : loweredGpuModules(getOperation())) {
      FailureOr<std::string> ptx = emitPtx(gpu);
      if (failed(ptx))
        return signalPassFailure();
      Unit unit(getOperation(), gpu.getLoc(), gpu.getName(), CpuTarget());
      gpu.erase();
      LLVM::GlobalOp text = unit.text("ptx", *ptx);
      defineBinaries(
          unit, Binary{MOELORA_BINARY_PTX, int64_t(ptx->size()) + 1, text});
    }
  }
};

} // namespace
} // namespace moelora
