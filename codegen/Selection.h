// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where entry points divide a layer, and the operands that each of them reads.
#ifndef MOELORA_CODEGEN_SELECTION_H
#define MOELORA_CODEGEN_SELECTION_H

#include "Artifact.h"

namespace moelora::codegen {

/// A value of the layer that is an operand of a run.
struct Input {
  mlir::Value value; // an argument, or the value that replaces a stage
  int32_t role;      // moelora_role
};

/// The stages and operands of an entry point.
struct Selection {
  moelora_entry_kind kind;
  llvm::DenseSet<mlir::Operation *> stages;
  llvm::SmallVector<Input> inputs;

  /// `given` values come from outside, so stages that only compute them are not
  /// run.
  Selection(LayerOp layer, moelora_entry_kind kind,
            llvm::ArrayRef<Input> given);
};

/// The entry points of the layer.
llvm::SmallVector<Selection> selectEntries(LayerOp layer);

/// The operands of all entry points and of the output, by role.
llvm::SmallVector<Operand> operandsOf(LayerOp layer,
                                      llvm::ArrayRef<Selection> selections);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_SELECTION_H
