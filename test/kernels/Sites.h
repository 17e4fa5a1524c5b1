// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The places of a kernel at which a mistake can be made, and the mistakes. They
// are found in the operations of the kernel, whatever made these. Where the
// code generator has unrolled a loop, a mistake is made in all copies of an
// operation, as it would be in the generator. Barriers and fences are deleted
// one by one.
#ifndef MOELORA_TEST_KERNELS_SITES_H
#define MOELORA_TEST_KERNELS_SITES_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

#include <string>
#include <vector>

namespace moelora::kernels {

enum class Mistake {
  NoBarrier, // of a thread block
  NoWarpBarrier,
  NoFence,
  NoWait, // for asynchronous copies
  NoCommit,
  MaskTrue,      // a mask or a guard that always holds,
  MaskFalse,     //   and one that never does
  WholeCopy,     // an asynchronous copy of 16 bytes, not of those that exist
  BoundPlus,     // a bound that is one too large,
  BoundMinus,    //   and one too small
  FirstRound,    // a loop that takes its first round for all of them, such as
                 //   the first slot of a tile for all of its rows
  ZeroTimes,     // a product with 0 or 1 in the place of a selection
  SwappedSlices, // gate for up, and up for gate, in the activation
};
constexpr size_t mistakes = size_t(Mistake::SwappedSlices) + 1;

const char *nameOf(Mistake mistake);

struct Site {
  std::vector<mlir::Operation *> ops;
  Mistake mistake;
  /// The mistake, the stage of the kernel and the expression, and for barriers
  /// and fences a number. Code elsewhere does not change it.
  std::string name;
};

/// In the order of the operations.
std::vector<Site> sitesOf(mlir::LLVM::LLVMFuncOp kernel);

/// Makes the mistake in the kernel, whose other sites are then invalid.
void makeMistake(const Site &site);

} // namespace moelora::kernels

#endif // MOELORA_TEST_KERNELS_SITES_H
