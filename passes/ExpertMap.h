// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where the experts of a layer are, on the ranks of expert parallelism.

#ifndef MOELORA_PASSES_EXPERTMAP_H
#define MOELORA_PASSES_EXPERTMAP_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Diagnostics.h"

namespace moelora {

struct ExpertMap {
  mlir::DenseIntElementsAttr places; // [copies, experts], as of a layer
  int64_t localExperts = 0;          // of each rank: the most that one has
};

/// Places `experts` on `ranks` ranks. `text` is "contiguous", "round-robin", or
/// the rank of each expert, separated by commas: "0,0,1,0". Several copies are
/// separated by colons. Experts of a rank are numbered in ascending order.
/// Fails with a diagnostic if a rank or an expert has no place.
mlir::FailureOr<ExpertMap>
placeExperts(llvm::StringRef text, int64_t experts, int64_t ranks,
             mlir::MLIRContext *context,
             llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

} // namespace moelora

#endif // MOELORA_PASSES_EXPERTMAP_H
