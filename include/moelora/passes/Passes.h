// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes within the moelora dialect: constructors, options, registration.

#ifndef MOELORA_PASSES_PASSES_H
#define MOELORA_PASSES_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "moelora/dialect/Ops.h"
#include "moelora/passes/Levels.h"

namespace moelora {

/// For which batches moelora-schedule chooses tiles.
enum class Batches { All, Decode, Prefill };

/// The strategy that moelora-schedule takes on a GPU, or the faster one by the
/// cost model.
enum class StrategyChoice { Fastest, InPlace, UnfusedPeer };

#define GEN_PASS_DECL
#include "moelora/passes/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "moelora/passes/Passes.h.inc"

} // namespace moelora

#endif // MOELORA_PASSES_PASSES_H
