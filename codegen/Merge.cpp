// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Edits the constants of artifacts, which Artifact.cpp has written: a variant
// is a row of an array, and a field of a struct is inserted by one operation.

#include "moelora/codegen/Merge.h"
#include "Artifact.h"
#include "Record.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace moelora {

using namespace codegen;

namespace {

/// The positions of fields in moelora_artifact.
constexpr int64_t CountField = 5, NameField = 7, DigestField = 8,
                  VariantField = 10;

/// What is inserted into a struct or an array, by position.
SmallVector<LLVM::InsertValueOp> insertions(LLVM::GlobalOp global) {
  SmallVector<LLVM::InsertValueOp> all;
  for (auto insert :
       global.getInitializerBlock()->getOps<LLVM::InsertValueOp>())
    if (insert.getType() == global.getGlobalType())
      all.push_back(insert);
  return all;
}

class Artifact {
public:
  Artifact(ModuleOp module, LLVM::GlobalOp global)
      : module(module), global(global) {}

  LLVM::GlobalOp variants() { return pointee(VariantField); }
  /// The name of the layer.
  StringRef name() {
    return cast<StringAttr>(pointee(NameField).getValueOrNull()).getValue();
  }
  StringRef digest() {
    auto constant = field(DigestField).getDefiningOp<LLVM::ConstantOp>();
    return cast<StringAttr>(constant.getValue()).getValue();
  }
  void setField(int64_t index, TypedAttr value) {
    LLVM::InsertValueOp insert = insertions(global)[size_t(index)];
    OpBuilder builder(insert);
    insert.getValueMutable().assign(LLVM::ConstantOp::create(
        builder, insert.getLoc(), insert.getValue().getType(), value));
  }

  ModuleOp module;
  LLVM::GlobalOp global;

private:
  Value field(int64_t index) {
    return insertions(global)[size_t(index)].getValue();
  }
  LLVM::GlobalOp pointee(int64_t index) {
    auto address = field(index).getDefiningOp<LLVM::AddressOfOp>();
    return module.lookupSymbol<LLVM::GlobalOp>(address.getGlobalName());
  }
};

std::vector<Artifact> findArtifacts(ModuleOp module) {
  std::vector<Artifact> artifacts;
  for (auto global : module.getOps<LLVM::GlobalOp>())
    if (global.getSymName().ends_with(".artifact"))
      artifacts.emplace_back(module, global);
  return artifacts;
}

/// Appends the rows of one array to those of another. Returns their number.
int64_t appendRows(LLVM::GlobalOp into, LLVM::GlobalOp from) {
  SmallVector<LLVM::InsertValueOp> old = insertions(into);
  auto rows =
      llvm::map_to_vector(old, [](auto insert) { return insert.getValue(); });
  Block &block = *into.getInitializerBlock();
  Operation *end = block.getTerminator();
  OpBuilder builder(end);
  Code code(builder, into.getLoc());
  IRMapping copies;
  for (Operation &op : from.getInitializerBlock()->without_terminator())
    code.builder.clone(op, copies);
  for (LLVM::InsertValueOp insert : insertions(from))
    rows.push_back(copies.lookup(insert.getValue()));
  Value array = makeArray(code, rows);
  end->setOperand(0, array);
  into.setGlobalType(array.getType());
  return int64_t(rows.size());
}

/// Whether the merged artifact has a counterpart of a symbol of `from`: the
/// functions that return the artifact, and what both declare.
bool hasCounterpart(Operation &op, ModuleOp into) {
  auto function = dyn_cast<LLVM::LLVMFuncOp>(op);
  return function && function.getLinkage() != LLVM::Linkage::Internal &&
         into.lookupSymbol(function.getName());
}

LogicalResult moveSymbols(ModuleOp into, ModuleOp from) {
  for (Operation &op :
       llvm::make_early_inc_range(from.getBody()->getOperations())) {
    if (hasCounterpart(op, into))
      continue;
    if (auto symbol = dyn_cast<SymbolOpInterface>(op);
        symbol && into.lookupSymbol(symbol.getName()))
      return op.emitError("expects artifacts of different targets, but both "
                          "define ")
             << symbol.getName();
    op.moveBefore(into.getBody(), into.getBody()->end());
  }
  return success();
}

} // namespace

static void mergeArtifact(Artifact &merged, Artifact &other) {
  int64_t count = appendRows(merged.variants(), other.variants());
  Builder builder(merged.module.getContext());
  merged.setField(CountField, builder.getI32IntegerAttr(int32_t(count)));
  Digest digest = digestOf((merged.digest() + other.digest()).str());
  merged.setField(
      DigestField,
      builder.getStringAttr(StringRef(
          reinterpret_cast<const char *>(digest.data()), digest.size())));
  other.variants().erase();
  other.global.erase();
}

LogicalResult mergeArtifacts(ModuleOp into, ModuleOp from) {
  std::vector<Artifact> merged = findArtifacts(into),
                        others = findArtifacts(from);
  auto named = [](Artifact &a, Artifact &b) { return a.name() == b.name(); };
  if (merged.empty() || !std::equal(merged.begin(), merged.end(),
                                    others.begin(), others.end(), named))
    return into.emitError("expects modules with artifacts of the same layers");
  for (auto [artifact, other] : llvm::zip_equal(merged, others))
    mergeArtifact(artifact, other);
  return moveSymbols(into, from);
}

} // namespace moelora
