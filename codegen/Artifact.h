// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The artifact: a constant struct that describes a compiled layer, with a
// variant for each kind of device, and the symbols that return it.
#ifndef MOELORA_CODEGEN_ARTIFACT_H
#define MOELORA_CODEGEN_ARTIFACT_H

#include "OperandTypes.h"
#include "Unit.h"

#include <optional>

namespace moelora::codegen {

/// A tensor that a variant reads or writes.
struct Operand : OperandType {
  uint32_t entries = 0; // bit per moelora_entry_kind that needs it
};

struct EntryPoint {
  moelora_entry_kind kind;
  mlir::LLVM::LLVMFuncOp run;
  uint32_t flags = 0; // bits of moelora_entry_flags
};

/// A kernel of the variant's first binary. A second one is the same code.
struct KernelRow {
  std::string name;
  int64_t threads, sharedBytes;
};

/// The result of code generation for one kind of device.
struct Variant {
  std::string target, tuning, needs;
  uint64_t services = 0; // bits of moelora_service
  uint32_t workspaceAlign = 0;
  llvm::SmallVector<Operand> operands; // row by row
  llvm::SmallVector<EntryPoint> entries;
  mlir::LLVM::LLVMFuncOp workspace;
  llvm::SmallVector<KernelRow> kernels; // of a GPU
  /// The symbol of an array of moelora_binary, which is defined later; empty:
  /// the variant has no binaries.
  std::string binaries;
  int64_t binaryCount = 1;
};

using Digest = std::array<uint8_t, 16>;

Digest digestOf(llvm::StringRef text);

/// The digest of the printed layer and of everything with which it is compiled.
/// The variants need no functions yet.
Digest digestOf(LayerOp layer, llvm::ArrayRef<Variant> variants,
                llvm::StringRef producer);

/// The symbol of the function that returns the artifact of a layer.
std::string queryOf(llvm::StringRef layer);

/// Writes the artifact of a layer and the function that returns it. `layer` is
/// at the fused level, and `description` is the result of recognizeLayer.
mlir::LLVM::GlobalOp
emitArtifact(Unit &unit, LayerOp layer,
             const std::optional<moelora_layer> &description,
             llvm::ArrayRef<Variant> variants, llvm::StringRef producer);

/// Writes the function that returns the artifacts of a module by index.
void emitIndex(Unit &unit, llvm::ArrayRef<mlir::LLVM::GlobalOp> artifacts);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_ARTIFACT_H
