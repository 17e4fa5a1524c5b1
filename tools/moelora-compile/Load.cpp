// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loads the input as layers of IR.

#include "Load.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace moelora;

/// Compares a property of the file with the command line, if that states it.
static bool checkFixed(SlotTableType table, const char *name, int64_t has,
                       std::optional<int64_t> wanted) {
  if (!wanted || *wanted == has)
    return true;
  llvm::errs() << "error: expects --" << name
               << " to agree with the layer, but it is " << *wanted
               << " and the layer has " << table << "\n";
  return false;
}

static bool sharesA(LayerOp layer) {
  BlockArgument table = layer.getArgument(Role::GateUpAdapters);
  return table && cast<SlotTableType>(table.getType()).sharesA();
}

static bool checkTables(LayerOp layer, const Options &options) {
  bool hasTables = false;
  for (Type type : layer.getArgumentTypes()) {
    auto table = dyn_cast<SlotTableType>(type);
    if (!table)
      continue;
    hasTables = true;
    if (!checkFixed(table, "slots", table.getSlots(), options.slots) ||
        !checkFixed(table, "max-rank", table.getMaxRank(), options.maxRank))
      return false;
  }
  if (options.sharedOuter && !sharesA(layer)) {
    llvm::errs() << "error: expects --shared-outer to agree with the layer, "
                    "but its experts need not share A of gate and up\n";
    return false;
  }
  if (hasTables || options.slots.value_or(0) == 0)
    return true;
  llvm::errs() << "error: expects --slots to agree with the layer, but it is "
               << *options.slots << " and the layer takes no adapters\n";
  return false;
}

/// Makes the layers of parts that are called, and removes what belongs to the
/// host program.
static LogicalResult keepLayers(ModuleOp module) {
  PassManager passes(module.getContext());
  passes.addPass(createInstantiate());
  if (failed(passes.run(module)))
    return failure();
  for (Operation &op : llvm::make_early_inc_range(module.getOps())) {
    if (isa<LayerOp>(op))
      continue;
    op.dropAllUses();
    op.erase();
  }
  return success();
}

OwningOpRef<ModuleOp> loadIR(MLIRContext &context, const Options &options) {
  std::string why;
  auto file = openInputFile(options.input, &why);
  if (!file) {
    llvm::errs() << "error: " << why << "\n";
    return {};
  }
  auto sources = std::make_shared<llvm::SourceMgr>();
  sources->AddNewSourceBuffer(std::move(file), llvm::SMLoc());
  SourceMgrDiagnosticHandler printer(*sources, &context);
  auto module = parseSourceFile<ModuleOp>(sources, &context);
  if (!module)
    return {};
  if (failed(keepLayers(*module)))
    return {};
  auto layers = module->getOps<LayerOp>();
  if (layers.empty()) {
    llvm::errs() << "error: expects a moelora.layer in " << options.input
                 << ", but there is none\n";
    return {};
  }
  for (LayerOp layer : layers)
    if (!checkTables(layer, options))
      return {};
  return module;
}

OwningOpRef<ModuleOp> loadLayer(MLIRContext &context,
                                const models::Model &model, int number,
                                const Options &options) {
  LayerOptions layer;
  layer.slots = options.slots.value_or(layer.slots);
  layer.maxRank = options.maxRank.value_or(layer.maxRank);
  layer.sharesA = options.sharedOuter;
  return importLayer(context, UnknownLoc::get(&context), model, number, layer);
}

std::optional<models::Model> loadModel(const Options &options) {
  auto model = models::loadModel(options.input);
  if (model) {
    if (!model->warning().empty())
      llvm::errs() << "warning: " << options.input << ": " << model->warning()
                   << "\n";
    return *model;
  }
  llvm::errs() << "error: " << model.message() << "\n";
  return std::nullopt;
}
