// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls from a kernel that was compiled for the host into the emulator, through
// the table of moelora/emulator/Kernel.h.
#ifndef MOELORA_CODEGEN_EMULATORCALLS_H
#define MOELORA_CODEGEN_EMULATORCALLS_H

#include "Code.h"

namespace moelora::codegen {

/// The places of a kernel that the emulator names in messages.
class Sites {
public:
  /// The number of the place of `op`.
  uint32_t add(mlir::Operation *op);

  struct Site {
    std::string operation, place;
  };
  llvm::ArrayRef<Site> all() const { return sites; }

private:
  std::vector<Site> sites;
};

/// Writes calls for one kernel. `thread` is its first argument.
class EmulatorCalls {
public:
  EmulatorCalls(mlir::Value thread, Sites &sites)
      : thread(thread), sites(sites) {}

  /// Calls the function at `offset` of the table with the thread and
  /// `arguments`; null where `result` is void.
  mlir::Value call(mlir::OpBuilder &builder, mlir::Location loc, size_t offset,
                   mlir::Type result, llvm::ArrayRef<mlir::Value> arguments);
  /// The same, with the place of `op` as the last argument. Code is written in
  /// front of `op`.
  mlir::Value callAt(mlir::Operation *op, size_t offset, mlir::Type result,
                     llvm::ArrayRef<mlir::Value> arguments);

private:
  mlir::Value thread;
  Sites &sites;
};

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_EMULATORCALLS_H
