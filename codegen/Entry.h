// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The entry points of a variant: the same stages, beginning at different
// values.
#ifndef MOELORA_CODEGEN_ENTRY_H
#define MOELORA_CODEGEN_ENTRY_H

#include "Artifact.h"
#include "LayerCode.h"

namespace moelora::codegen {

/// Called after the layer is declared. Stages that only compute a given value
/// are not run. Returns the variant without the names of its target.
Variant emitEntries(LayerCode &layer);

/// Whether a struct that a caller passes has this ABI and at least this size.
mlir::Value speaksAbi(Code &code, Ptr header, int64_t size);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_ENTRY_H
