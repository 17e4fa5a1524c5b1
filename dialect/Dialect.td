// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef MOELORA_DIALECT_DIALECT
#define MOELORA_DIALECT_DIALECT

include "mlir/IR/OpBase.td"

def MoELoRA_Dialect : Dialect {
  let name = "moelora";
  let cppNamespace = "::moelora";
  let summary = "Mixture-of-Experts layers whose tokens carry LoRA adapters";
  let description = [{
    A layer is a `moelora.layer`: route, dispatch, expert GEMM, LoRA delta,
    activation, combine. The dialect has two principles.

    **The element type of a value determines where rounding happens.*
    *Accumulators are
    f32 tensors; a value is rounded exactly where an op's result has the
    layer's own element type. There is no other rounding.

    **Only the plan contains the order of computation.* Values with a row per
    *(token, choice) pair are indexed by the pair, `p = t * k + j`. The plan
    *determines in which order and in which groups the pairs are computed. No
    *other op takes an index tensor.

    There are two levels: *routed* ops define what a layer computes, and are
    made by the importer or by hand; *fused* ops are the input of code
    generation, and are made by `moelora-fuse-lora` and `moelora-fuse-epilogue`.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let hasRegionArgAttrVerify = 1;
  let extraClassDeclaration = [{
    void registerAttributes();
    void registerTypes();
  }];
}

#endif // MOELORA_DIALECT_DIALECT
