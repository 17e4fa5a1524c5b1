// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Translates a model's config.json to one of its layers.

#include "moelora/import/Import.h"
#include "Translations.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace moelora;

namespace {

struct ImportFlags {
  llvm::cl::OptionCategory category{"Options of --import-config"};
  llvm::cl::opt<int> layer{
      "layer", llvm::cl::desc("number of the layer (first with experts)"),
      llvm::cl::value_desc("N"), llvm::cl::init(-1), llvm::cl::cat(category)};
  llvm::cl::opt<int64_t> slots{
      "slots", llvm::cl::desc("adapters that may be live at once, 0: none"),
      llvm::cl::init(LayerOptions().slots), llvm::cl::cat(category)};
  llvm::cl::opt<int64_t> maxRank{
      "max-rank", llvm::cl::desc("largest rank of an adapter"),
      llvm::cl::init(LayerOptions().maxRank), llvm::cl::cat(category)};
  llvm::cl::opt<bool> sharedOuter{
      "shared-outer",
      llvm::cl::desc("adapters have one A of gate and up for all experts"),
      llvm::cl::cat(category)};
};

} // namespace

static OwningOpRef<Operation *> importConfig(const ImportFlags &flags,
                                             llvm::SourceMgr &sources,
                                             MLIRContext *context) {
  const llvm::MemoryBuffer *buffer =
      sources.getMemoryBuffer(sources.getMainFileID());
  StringRef name = buffer->getBufferIdentifier();
  Location location = FileLineColLoc::get(context, name, 1, 1);
  // The source line is not printed, because a config may be one long line.
  ScopedDiagnosticHandler printer(context, [&](Diagnostic &diagnostic) {
    llvm::errs() << "error: " << name << ": " << diagnostic << "\n";
  });
  auto model = models::parseModel(buffer->getBuffer().str(), name.str());
  if (!model) {
    llvm::errs() << "error: " << model.message() << "\n";
    return {};
  }
  if (!model->warning().empty())
    llvm::errs() << "warning: " << name << ": " << model->warning() << "\n";
  // Adopts the router types of the weights in the folder, as other tools do.
  // Standard input has no folder.
  if (llvm::sys::fs::exists(name))
    models::adoptRouterTypes(*model, llvm::sys::path::parent_path(name).str());
  LayerOptions options;
  options.slots = flags.slots;
  options.maxRank = flags.maxRank;
  options.sharesA = flags.sharedOuter;
  int layer =
      flags.layer.getNumOccurrences() ? flags.layer : model->firstMoeLayer();
  return importLayer(*context, location, *model, layer, options);
}

void registerImport() {
  // Valid as long as the command line.
  static ImportFlags flags;
  static TranslateToMLIRRegistration registration(
      "import-config", "a model's config.json to its Mixture-of-Experts layer",
      [](const std::shared_ptr<llvm::SourceMgr> &sources,
         MLIRContext *context) -> OwningOpRef<Operation *> {
        return importConfig(flags, *sources, context);
      });
}
