// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The types of one part of a layer, from its arguments down.

#ifndef MOELORA_PASSES_CUTLAYER_H
#define MOELORA_PASSES_CUTLAYER_H

#include "moelora/dialect/Cut.h"
#include "moelora/dialect/Ops.h"

namespace moelora {

/// Gives the arguments of a layer the types of one part. Where the cut does not
/// divide a size, changes nothing and says why: "gate_up_weight: 8 experts, but
/// cut = [3, 1]".
bool cutArguments(LayerOp layer, Cut cut, std::string &why);

/// Adds an argument of role expert_map, the last one, which `dispatch` reads.
mlir::LogicalResult addExpertMap(LayerOp layer, DispatchOp dispatch,
                                 mlir::Type type);

/// Derives the type of a result of the routed level from those of the operands.
/// Ops whose result has the same type in every part are kept.
void retype(mlir::Operation *op, Cut cut);

} // namespace moelora

#endif // MOELORA_PASSES_CUTLAYER_H
