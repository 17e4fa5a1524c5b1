// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The entry points of a variant: the same stages, cut at different values.
#ifndef MOELORA_CODEGEN_ENTRY_H
#define MOELORA_CODEGEN_ENTRY_H

#include "Artifact.h"
#include "cpu/Lowering.h"

namespace moelora::codegen {

/// Once the layer is declared. What only feeds a value that is given from
/// outside is not run. Answers the variant but for the names of its target.
Variant emitEntries(Lowering &lowering);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_ENTRY_H
