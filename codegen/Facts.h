// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The slot tables that a layer accepts.
#ifndef MOELORA_CODEGEN_FACTS_H
#define MOELORA_CODEGEN_FACTS_H

#include "moelora/dialect/Ops.h"
#include "moelora/runtime/Abi.h"

namespace moelora::codegen {

/// The facts of a layer at the fused level.
moelora_facts describeFacts(LayerOp layer);

/// The experts of all ranks that the ids of a plan are of.
int64_t expertsOf(PlanOp op);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_FACTS_H
