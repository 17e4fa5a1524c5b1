// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks every op of a layer with the predicate of Levels.h.

#include "moelora/passes/Passes.h"

using namespace mlir;

namespace moelora {
#define GEN_PASS_DEF_VERIFYLEVEL
#include "moelora/passes/Passes.h.inc"

namespace {

/// The name of an op's level, for a message.
StringRef levelOf(Operation *op) {
  if (belongsTo(op, Level::Routed))
    return "the routed level";
  return belongsTo(op, Level::Fused) ? "the fused level" : "no level";
}

struct VerifyLevel : impl::VerifyLevelBase<VerifyLevel> {
  using VerifyLevelBase::VerifyLevelBase;

  void runOnOperation() override {
    for (Operation &op : getOperation().getBody().getOps()) {
      if (belongsTo(&op, level))
        continue;
      op.emitOpError() << "expects the layer to have ops of the "
                       << stringifyLevel(level) << " level, but this one is of "
                       << levelOf(&op);
      return signalPassFailure();
    }
  }
};

} // namespace
} // namespace moelora
