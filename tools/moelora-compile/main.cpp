// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-compile: compiles a model's layer, or the layers of a module, to a
// shared object.

#include "Compile.h"
#include "Load.h"
#include "Output.h"
#include "Reproducer.h"
#include "mlir/InitAllDialects.h"
#include "moelora/InitAll.h"
#include "moelora/commandline/CommandLine.h"
#include "moelora/commandline/Progress.h"
#include "moelora/link/SharedObject.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"

#include <map>
#include <nlohmann/json.hpp>

using namespace mlir;
using moelora::models::Model;

/// `file:line:column: error: ...`, or without a location if there is none.
static void print(Diagnostic &diagnostic, llvm::StringRef kind) {
  if (auto place = dyn_cast<FileLineColLoc>(diagnostic.getLocation()))
    llvm::errs() << place.getFilename().getValue() << ":" << place.getLine()
                 << ":" << place.getColumn() << ": ";
  llvm::errs() << kind << ": " << diagnostic << "\n";
}

static LogicalResult printDiagnostic(Diagnostic &diagnostic) {
  if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
    print(diagnostic, "error");
  for (Diagnostic &note : diagnostic.getNotes())
    print(note, "note");
  return success();
}

/// The written content, or nothing after an error on stderr.
static std::optional<std::string> compileTo(llvm::StringRef path,
                                            OwningOpRef<ModuleOp> module,
                                            const Options &options) {
  if (!module)
    return std::nullopt;
  Reproducer reproducer(options, *module);
  std::optional<std::string> bytes = compileLayers(*module, options);
  if (bytes && !writeOutput(path, *bytes))
    return std::nullopt;
  return bytes;
}

/// The layer that is compiled for `number`: the first equal one.
static int representative(const Model &model, int number) {
  for (int first : model.distinctLayers())
    if (&model.layer(first) == &model.layer(number))
      return first;
  return number;
}

static std::string fileOf(int layer, const Options &options) {
  return "layer-" + std::to_string(layer) + namesOf(options.emit).suffix;
}

/// The file of each layer, and the digest at the end of each compiled layer's
/// file.
static std::string makeIndex(const Model &model, const Options &options,
                             const std::map<int, std::string> &digests) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::object();
  for (int number : model.moeLayers()) {
    int compiled = representative(model, number);
    auto &layer = layers[std::to_string(number)];
    layer["file"] = fileOf(compiled, options);
    if (auto found = digests.find(compiled); found != digests.end())
      layer["digest"] = found->second;
  }
  nlohmann::ordered_json index = {{"model_type", model.modelType()},
                                  {"layers", std::move(layers)}};
  return index.dump(2) + "\n";
}

static ExitStatus compileAll(MLIRContext &context, const Options &options) {
  std::optional<Model> model = loadModel(options);
  if (!model)
    return Failed;
  if (auto error = llvm::sys::fs::create_directories(options.output, true,
                                                     llvm::sys::fs::all_all)) {
    llvm::errs() << "error: cannot make the folder " << options.output << ": "
                 << error.message() << "\n";
    return Failed;
  }
  auto place = [&](const llvm::Twine &name) {
    llvm::SmallString<128> path(options.output);
    llvm::sys::path::append(path, name);
    return path;
  };
  std::map<int, std::string> digests;
  moelora::host::Progress progress = moelora::commandline::printProgress();
  moelora::host::ProgressCount count(progress, model->distinctLayers().size(),
                                     "layers compiled");
  for (int number : model->distinctLayers()) {
    auto bytes =
        compileTo(place(fileOf(number, options)),
                  loadLayer(context, *model, number, options), options);
    if (!bytes)
      return Failed;
    if (options.emit == Emit::SharedObject)
      digests[number] = moelora::digestOf(*bytes);
    count.advance();
  }
  std::string index = makeIndex(*model, options, digests);
  return writeOutput(place("layers.json"), index) ? Done : Failed;
}

static ExitStatus compileOne(MLIRContext &context, const Options &options) {
  auto compile = [&](OwningOpRef<ModuleOp> module) {
    return compileTo(options.output, std::move(module), options) ? Done
                                                                 : Failed;
  };
  if (options.readsIR())
    return compile(loadIR(context, options));
  std::optional<Model> model = loadModel(options);
  if (!model)
    return Failed;
  int number = options.layer.value_or(model->firstMoeLayer());
  return compile(loadLayer(context, *model, number, options));
}

static int compile(int argc, char **argv) {
  Options options;
  if (!parseOptions(argc, argv, options))
    return Done;
  DialectRegistry registry;
  mlir::registerAllDialects(registry); // of host programs
  moelora::registerAllDialects(registry);
  moelora::registerAllPasses();
  moelora::registerAllPipelines();
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.allowUnregisteredDialects();
  context.printOpOnDiagnostic(false); // users have not written that op
  ScopedDiagnosticHandler printer(&context, printDiagnostic);
  return options.allLayers ? compileAll(context, options)
                           : compileOne(context, options);
}

int main(int argc, char **argv) {
  llvm::InitLLVM setUp(argc, argv);
  return moelora::commandline::runMain("moelora-compile",
                                       [&] { return compile(argc, argv); });
}
