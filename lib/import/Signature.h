// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The arguments of a layer and their types: the weights that the description
// requires, and a table per projection if there are slots.
#ifndef MOELORA_LIB_IMPORT_SIGNATURE_H
#define MOELORA_LIB_IMPORT_SIGNATURE_H

#include "moelora/import/Import.h"

namespace moelora {

class Signature {
public:
  Signature(const moelora_layer &layer, const LayerOptions &options,
            mlir::FloatType type);

  llvm::ArrayRef<Role> roles() const { return roleOf; }
  llvm::ArrayRef<mlir::Type> types() const { return typeOf; }

private:
  const moelora_layer &layer;
  const LayerOptions &options;
  mlir::FloatType type;
  llvm::SmallVector<Role> roleOf;
  llvm::SmallVector<mlir::Type> typeOf;

  void addInputs();
  void addRouter();
  void addStages();
  void addExperts();
  void addLatent();
  void addShared();
  void addTables();
  void addSharedTables();

  bool has(moelora_bias bias) const { return layer.biases & bias; }
  mlir::FloatType routerType() const;

  void add(Role role, llvm::ArrayRef<int64_t> shape, mlir::Type element);
  void addTable(Role role, int64_t experts, int64_t slices, int64_t out,
                int64_t in, Sharing sharing = Sharing::None);
};

/// Rows, one per token or per pair.
mlir::RankedTensorType rowsOf(mlir::Type element,
                              llvm::ArrayRef<int64_t> columns);

/// The width of the rows of routed experts: latent or hidden.
int64_t widthOf(const moelora_layer &layer);

/// Experts that have weights.
int64_t weightedExperts(const moelora_layer &layer);

/// Gate and up, or one slice.
int64_t slicesOf(const moelora_activation &activation);

} // namespace moelora

#endif // MOELORA_LIB_IMPORT_SIGNATURE_H
