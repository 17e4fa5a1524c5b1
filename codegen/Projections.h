// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The projections that a slot table adapts.
#ifndef MOELORA_CODEGEN_PROJECTIONS_H
#define MOELORA_CODEGEN_PROJECTIONS_H

#include "moelora/dialect/Dialect.h"

namespace moelora::codegen {

/// The moelora_projection of each slice of a table. A layer without gates has
/// one slice, which is up.
llvm::SmallVector<int64_t> projectionsOf(Role role, int64_t slices);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_PROJECTIONS_H
