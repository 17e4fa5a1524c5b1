// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Stages.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "moelora/InitAll.h"
#include "moelora/codegen/Emit.h"

using namespace mlir;

namespace moelora::fuzz {
namespace {

struct Pipeline {
  const char *name;
  const char *text;
  bool ours = true; ///< and so has to say why it fails
  int tier = -1;    ///< of those that compile to the llvm dialect
};

// Both widths of registers; a fixed CPU, so that every machine does the same.
constexpr Pipeline pipelines[] = {
    {"canonicalize", "canonicalize,cse", false},
    {"bufferize", "one-shot-bufferize{bufferize-function-boundaries=true}",
     false},
    {"canonicalize-adapters", "moelora.layer(moelora-canonicalize-adapters)"},
    {"fuse-lora", "moelora.layer(moelora-fuse-lora)"},
    {"fuse-epilogue", "moelora.layer(moelora-fuse-lora,moelora-fuse-epilogue)"},
    {"schedule, other tiles",
     "moelora.layer(moelora-fuse-lora,moelora-fuse-epilogue,"
     "moelora-schedule{tile-rows=7 group-rows=7})"},
    {"schedule sm_86", "moelora.layer(moelora-fuse-lora,moelora-fuse-epilogue,"
                       "moelora-schedule{target=sm_86 schedule=decode})"},
    {"fuse-epilogue alone", "moelora.layer(moelora-fuse-epilogue)"},
    {"verify-level routed",
     "moelora.layer(moelora-verify-level{level=routed})"},
    {"verify-level fused", "moelora.layer(moelora-verify-level{level=fused})"},
    {"convert-moelora-to-cpu",
     "convert-moelora-to-cpu{cpu=x86-64-v4 tier=avx512f}"},
    {"moelora-to-cpu avx2", "moelora-to-cpu{cpu=x86-64-v3 tier=avx2}", true, 0},
    {"moelora-to-cpu avx512bf16",
     "moelora-to-cpu{cpu=sapphirerapids tier=avx512bf16}", true, 1},
};

enum : int { Parse, PrintAndParse, Bytecode, FirstPipeline };
constexpr int emission = FirstPipeline + std::size(pipelines);

/// Takes diagnostics, writes them out as a tool would, and counts the errors.
class Listener {
public:
  explicit Listener(MLIRContext &context)
      : handler(&context, [this](Diagnostic &diagnostic) {
          errors += diagnostic.getSeverity() == DiagnosticSeverity::Error;
          last = diagnostic.str();
          return success();
        }) {}

  int errors = 0;
  std::string last;

private:
  ScopedDiagnosticHandler handler;
};

std::string print(Operation *op, bool generic = false) {
  std::string text;
  llvm::raw_string_ostream os(text);
  OpPrintingFlags flags;
  op->print(os, generic ? flags.printGenericOpForm() : flags);
  return text;
}

/// Why a module that verifies is not what its own text says, or "".
std::string whyTextDiffers(ModuleOp module, Listener &listener) {
  std::string once = print(module);
  OwningOpRef<ModuleOp> again =
      parseSourceString<ModuleOp>(once, module.getContext());
  if (!again)
    return "its own text is refused: " + listener.last;
  if (print(*again, /*generic=*/true) != print(module, /*generic=*/true))
    return "its own text means something else";
  return "";
}

std::string whyBytecodeDiffers(ModuleOp module, Listener &listener) {
  std::string bytes;
  llvm::raw_string_ostream os(bytes);
  if (failed(writeBytecodeToFile(module, os)))
    return "";
  OwningOpRef<ModuleOp> again =
      parseSourceString<ModuleOp>(bytes, module.getContext());
  if (!again)
    return "its own bytecode is refused: " + listener.last;
  if (print(*again, /*generic=*/true) != print(module, /*generic=*/true))
    return "its own bytecode means something else";
  return "";
}

/// Programs around a layer are not ours to compile.
bool isAllLLVM(ModuleOp module) {
  WalkResult walk = module.walk([](Operation *op) {
    bool known = isa<ModuleOp>(op) || isa<LLVM::LLVMDialect>(op->getDialect());
    return known ? WalkResult::advance() : WalkResult::interrupt();
  });
  return !walk.wasInterrupted();
}

/// Runs a pipeline on a copy of the module; null if it fails.
OwningOpRef<ModuleOp> runPipeline(const Pipeline &pipeline, ModuleOp module,
                                  Listener &listener, std::string &failure) {
  OwningOpRef<ModuleOp> copy = module.clone();
  PassManager manager(module.getContext());
  if (failed(parsePassPipeline(pipeline.text, manager))) {
    failure = std::string("no such pipeline: ") + pipeline.text;
    return nullptr;
  }
  listener.errors = 0;
  if (succeeded(manager.run(*copy)))
    return copy;
  if (pipeline.ours && listener.errors == 0)
    failure = std::string(pipeline.name) + " fails without a word";
  return nullptr;
}

} // namespace

int countStages() { return emission + 1; }

const char *nameOfStage(int stage) {
  static const char *const first[] = {"parser", "printer", "bytecode"};
  if (stage < FirstPipeline)
    return first[stage];
  return stage == emission ? "emission" : pipelines[stage - FirstPipeline].name;
}

DialectRegistry registerEverything() {
  DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
  moelora::registerAllDialects(registry);
  moelora::registerAllPasses();
  moelora::registerAllPipelines();
  return registry;
}

static void runPipelines(ModuleOp module, Turn turn, Listener &listener,
                         const OnStage &onStage, Result &result) {
  for (const Pipeline &pipeline : pipelines) {
    if (pipeline.tier >= 0 && !turn.takes(pipeline.tier))
      continue;
    onStage(FirstPipeline + static_cast<int>(&pipeline - pipelines));
    OwningOpRef<ModuleOp> made =
        runPipeline(pipeline, module, listener, result.failure);
    if (!made || pipeline.tier < 0 || !isAllLLVM(*made))
      continue;
    result.fate = Fate::Compiled;
    onStage(emission);
    if (turn.emits() && failed(emitObject(*made)))
      result.failure = "what compiles is not emitted: " + listener.last;
  }
}

Result runStages(const DialectRegistry &registry, const std::string &text,
                 Turn turn, const OnStage &onStage) {
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  Listener listener(context);
  onStage(Parse);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  if (!module)
    return {Fate::Refused,
            listener.errors ? "" : "the parser refuses without a word"};
  Result result{Fate::Verified, ""};
  onStage(PrintAndParse);
  result.failure = whyTextDiffers(*module, listener);
  onStage(Bytecode);
  if (result.failure.empty())
    result.failure = whyBytecodeDiffers(*module, listener);
  runPipelines(*module, turn, listener, onStage, result);
  return result;
}

std::string genericForm(const DialectRegistry &registry,
                        const std::string &text) {
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  Listener listener(context);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  return module ? print(*module, /*generic=*/true) : "";
}

} // namespace moelora::fuzz
