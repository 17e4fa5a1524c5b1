// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The levels of IR inside a layer. A level is a set of ops.
// moelora-verify-level checks it between the stages of a pipeline, and
// conversions define their targets with it.
//
//   Routed  what a layer means     dispatch, expert_gemm, lora_delta,
//                                  activation, combine
//   Fused   what is compiled       plan, shrink, grouped_matmul
//
// resolve_slots, route, identity_weight, rms_norm, yield, and the ops between
// ranks belong to both.

#ifndef MOELORA_PASSES_LEVELS_H
#define MOELORA_PASSES_LEVELS_H

#include "mlir/IR/Operation.h"

namespace moelora {

enum class Level { Routed, Fused };

llvm::StringRef stringifyLevel(Level level);

/// Whether the body of a layer at this level may contain `op`.
bool belongsTo(mlir::Operation *op, Level level);

} // namespace moelora

#endif // MOELORA_PASSES_LEVELS_H
