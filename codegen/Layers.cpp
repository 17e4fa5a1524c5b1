// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Layers.h"
#include "Artifact.h"
#include "MathExpansion.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace moelora::codegen {

static bool isFree(ModuleOp module, StringRef prefix) {
  return llvm::none_of(module.getOps<SymbolOpInterface>(), [&](auto symbol) {
    StringRef name = symbol.getName();
    return name.consume_front(prefix) && name.starts_with(".");
  });
}

std::string prefixOf(LayerOp layer) {
  auto module = layer->getParentOfType<ModuleOp>();
  std::string prefix = layer.getSymName().str();
  for (int number = 0; !isFree(module, prefix); ++number)
    prefix = (layer.getSymName() + "_" + Twine(number)).str();
  return prefix;
}

/// Ops of other dialects may name a layer, whose artifact has the same name.
static LogicalResult verifyNotCalled(ModuleOp module, LayerOp layer) {
  auto uses = SymbolTable::getSymbolUses(layer.getSymNameAttr(), module);
  if (uses)
    for (SymbolTable::SymbolUse use : *uses)
      if (isa<CallOp>(use.getUser()))
        return use.getUser()->emitOpError()
               << "expects calls to be lowered before layers; run "
                  "convert-moelora-call-to-llvm first";
  return success();
}

/// The names of functions that return artifacts are a contract, so they cannot
/// be changed to avoid a collision.
static LogicalResult verifyQueries(ModuleOp module, ArrayRef<LayerOp> layers) {
  llvm::StringMap<LayerOp> owners;
  for (LayerOp layer : layers) {
    std::string query = queryOf(layer.getSymName());
    LayerOp &owner = owners[query];
    if (owner)
      return layer.emitOpError()
             << "expects layers whose names differ in letters and digits, but "
             << "the artifact of @" << owner.getSymName() << " is @" << query
             << ", too";
    owner = layer;
    for (StringRef symbol : {StringRef(query), StringRef(MOELORA_QUERY_SYMBOL)})
      if (Operation *other = module.lookupSymbol(symbol)) {
        InFlightDiagnostic diagnostic =
            layer.emitOpError() << "expects the module to have no @" << symbol
                                << ", which returns artifacts";
        diagnostic.attachNote(other->getLoc()) << "defined here";
        return diagnostic;
      }
  }
  return success();
}

LogicalResult convertLayers(ModuleOp module, ConvertLayer convert,
                            FinishLayers finish) {
  auto layers = llvm::to_vector(module.getOps<LayerOp>());
  if (layers.empty())
    return success();
  if (failed(verifyQueries(module, layers)))
    return failure();
  for (LayerOp layer : layers)
    if (failed(verifyNotCalled(module, layer)))
      return failure();
  // Code is appended to the module.
  Operation *host = &module.getBody()->back();
  SmallVector<LLVM::GlobalOp> artifacts;
  for (LayerOp layer : layers) {
    FailureOr<LLVM::GlobalOp> artifact = convert(layer);
    if (failed(artifact))
      return failure();
    artifacts.push_back(*artifact);
  }
  finish(artifacts);
  for (Operation *op = host->getNextNode(); op; op = op->getNextNode())
    expandMath(op);
  for (LayerOp layer : layers)
    layer.erase();
  return success();
}

} // namespace moelora::codegen
