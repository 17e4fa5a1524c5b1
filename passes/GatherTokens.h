// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gathers the tokens of ranks where their experts read them.

#ifndef MOELORA_PASSES_GATHERTOKENS_H
#define MOELORA_PASSES_GATHERTOKENS_H

#include "moelora/dialect/Ops.h"

namespace moelora {

/// Some of two axes, in order; null if none is wanted.
AxesAttr axesOf(mlir::MLIRContext *context, bool ep, bool tp);

/// Before its experts, the layer gathers rows, ids and weights over the axes
/// that cut the tokens of its grid. Slot ids are gathered once. Where tp cuts
/// tokens, so does each shared expert, whose parts every rank needs.
mlir::LogicalResult gatherTokens(LayerOp layer);

} // namespace moelora

#endif // MOELORA_PASSES_GATHERTOKENS_H
