// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the artifact says of its layer, read back from IR.
#ifndef MOELORA_CODEGEN_LAYERDESCRIPTION_H
#define MOELORA_CODEGEN_LAYERDESCRIPTION_H

#include "moelora/dialect/Ops.h"
#include "moelora/runtime/Abi.h"

namespace moelora::codegen {

moelora_router describeRouter(RouteOp route);
moelora_activation describeActivation(ActivationAttr activation);
/// Of a layer at the fused level.
moelora_layer describeLayer(LayerOp layer);
moelora_dtype describeType(mlir::Type element);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_LAYERDESCRIPTION_H
