// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass: PTX inside an artifact gets its cubin beside it.

#include "gpu/Binaries.h"
#include "moelora/codegen/Assemble.h"
#include "moelora/codegen/Passes.h"

using namespace mlir;

namespace moelora {

#define GEN_PASS_DEF_ASSEMBLEPTX
#include "moelora/codegen/Passes.h.inc"

namespace {

using namespace codegen;

struct AssemblePtx : impl::AssemblePtxBase<AssemblePtx> {
  using AssemblePtxBase::AssemblePtxBase;

  void runOnOperation() override {
    for (auto global : llvm::to_vector(getOperation().getOps<LLVM::GlobalOp>()))
      if (global.getSymName().ends_with(".ptx"))
        if (failed(assemble(global)))
          return signalPassFailure();
  }

  LogicalResult assemble(LLVM::GlobalOp ptx) {
    StringRef text = cast<StringAttr>(ptx.getValueOrNull()).getValue();
    StringRef name = ptx.getSymName().drop_back(strlen(".ptx"));
    std::string why;
    std::optional<std::string> cubin = assemblePtx(text.drop_back(), why);
    if (!cubin)
      return emitError(ptx.getLoc())
             << "cannot assemble the PTX of " << name << ": " << why;
    Unit unit(getOperation(), ptx.getLoc(), name, CpuTarget());
    LLVM::GlobalOp code = unit.bytes("cubin", *cubin);
    defineBinaries(unit,
                   {{MOELORA_BINARY_PTX, int64_t(text.size()), ptx},
                    {MOELORA_BINARY_CUBIN, int64_t(cubin->size()), code}});
    return success();
  }
};

} // namespace
} // namespace moelora
