// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-compile: a model's layer, or a layer of IR, to a shared object.

#include "Compile.h"
#include "Load.h"
#include "Output.h"
#include "Reproducer.h"
#include "moelora/InitAll.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using moelora::models::Model;

/// `file:line:column: error: ...`, or without a place where there is none.
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

static ExitStatus compileTo(llvm::StringRef path, OwningOpRef<ModuleOp> module,
                            const Options &options) {
  if (!module)
    return Failed;
  Reproducer reproducer(options, *module);
  std::optional<std::string> bytes = compileLayer(*module, options);
  return bytes && writeOutput(path, *bytes) ? Done : Failed;
}

/// The layer that is compiled for `number`: the first that is no different.
static int representative(const Model &model, int number) {
  for (int first : model.distinctLayers())
    if (&model.layer(first) == &model.layer(number))
      return first;
  return number;
}

/// Which file serves which layer.
static std::string makeIndex(const Model &model, llvm::StringRef suffix) {
  std::string text;
  llvm::raw_string_ostream out(text);
  llvm::json::OStream json(out, /*IndentSize=*/2);
  json.object([&] {
    json.attribute("model_type", model.modelType());
    json.attributeObject("layers", [&] {
      for (int number : model.moeLayers())
        json.attribute(std::to_string(number),
                       "layer-" +
                           std::to_string(representative(model, number)) +
                           suffix.str());
    });
  });
  out << "\n";
  return text;
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
  llvm::StringRef suffix = namesOf(options.emit).suffix;
  auto place = [&](const llvm::Twine &name) {
    llvm::SmallString<128> path(options.output);
    llvm::sys::path::append(path, name);
    return path;
  };
  for (int number : model->distinctLayers())
    if (compileTo(place("layer-" + llvm::Twine(number) + suffix),
                  loadLayer(context, *model, number, options), options) != Done)
      return Failed;
  return writeOutput(place("layers.json"), makeIndex(*model, suffix)) ? Done
                                                                      : Failed;
}

static ExitStatus compileOne(MLIRContext &context, const Options &options) {
  if (options.readsIR())
    return compileTo(options.output, loadIR(context, options), options);
  std::optional<Model> model = loadModel(options);
  if (!model)
    return Failed;
  int number = options.layer.value_or(model->firstMoeLayer());
  return compileTo(options.output, loadLayer(context, *model, number, options),
                   options);
}

int main(int argc, char **argv) {
  llvm::InitLLVM setUp(argc, argv);
  Options options;
  if (auto status = parseOptions({argv + 1, argv + argc}, options))
    return *status;
  DialectRegistry registry;
  moelora::registerAllDialects(registry);
  moelora::registerAllPasses();
  moelora::registerAllPipelines();
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false); // the reader has not written that op
  ScopedDiagnosticHandler printer(&context, printDiagnostic);
  return options.allLayers ? compileAll(context, options)
                           : compileOne(context, options);
}
