// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The artifact: the constant struct that a compiled layer says of itself, and
// the one exported symbol that answers it.
#ifndef MOELORA_CODEGEN_ARTIFACT_H
#define MOELORA_CODEGEN_ARTIFACT_H

#include "Entry.h"

namespace moelora::codegen {

void emitArtifact(Lowering &lowering, const Entries &entries,
                  llvm::StringRef producer);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_ARTIFACT_H
