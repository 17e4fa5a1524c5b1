// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where the entry points of a layer cut it, and what each of them reads.
#ifndef MOELORA_CODEGEN_SELECTION_H
#define MOELORA_CODEGEN_SELECTION_H

#include "Artifact.h"

namespace moelora::codegen {

/// A value of the layer that is an operand of a run.
struct Input {
  mlir::Value value; // an argument, or what is given in place of a stage
  int32_t role;      // moelora_role
};

/// What an entry point runs and reads.
struct Selection {
  moelora_entry_kind kind;
  llvm::DenseSet<mlir::Operation *> stages;
  llvm::SmallVector<Input> inputs;

  /// `given` come from outside, so that what only feeds them is not run.
  Selection(LayerOp layer, moelora_entry_kind kind,
            llvm::ArrayRef<Input> given);
};

/// One for each entry point that the layer has.
llvm::SmallVector<Selection> selectEntries(LayerOp layer);

/// The rows of all entry points and of the output, by role.
llvm::SmallVector<Operand> operandsOf(LayerOp layer,
                                      llvm::ArrayRef<Selection> selections);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_SELECTION_H
