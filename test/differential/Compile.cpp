// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Compile.h"
#include "mlir/Pass/PassManager.h"
#include "moelora/codegen/Emit.h"
#include "moelora/codegen/Passes.h"
#include "moelora/codegen/Target.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"

using namespace mlir;

namespace moelora::differential {
namespace {

/// The tiers that this machine runs take turns.
std::string tierOf(const Case &c, std::string &why) {
  const char *names[] = {"avx2", "avx512f", "avx512bf16"};
  std::optional<CpuTarget> best = resolveCpu("native", why);
  return best ? names[c.seed % (int(best->tier) + 1)] : "";
}

FailureOr<ObjectBytes> emit(const Case &c, MLIRContext &context,
                            std::string &why) {
  context.loadDialect<MoELoRADialect>();
  Location location = UnknownLoc::get(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(location);
  OpBuilder builder = OpBuilder::atBlockBegin(module->getBody());
  ToCpuOptions options;
  options.tier = tierOf(c, why);
  if (options.tier.empty() ||
      failed(buildLayer(builder, location, c.layer, c.options)))
    return failure();
  PassManager passes(&context);
  buildToCpuPipeline(passes, options);
  if (failed(passes.run(*module)))
    return failure();
  return emitObject(*module);
}

Artifact load(const ObjectBytes &object, std::string &why) {
  llvm::SmallString<64> path;
  if (std::error_code code = llvm::sys::fs::createTemporaryFile(
          "moelora-differential", "so", path)) {
    why = code.message();
    return nullptr;
  }
  // The file can be removed, because it stays loaded.
  llvm::scope_exit remove([&] { llvm::sys::fs::remove(path); });
  moelora_artifact_file *file = nullptr;
  moelora_error *error = nullptr;
  if (linkSharedObject(object, path, why) &&
      (moelora_artifact_seal(path.c_str(), &error) != MOELORA_OK ||
       moelora_artifact_load(path.c_str(), &file, &error) != MOELORA_OK))
    why = textOf(error);
  return Artifact(file);
}

} // namespace

std::string textOf(moelora_error *error) {
  std::string text = moelora_error_text(error);
  moelora_error_free(error);
  return text;
}

static FailureOr<ObjectBytes> compileWith(MLIRContext::Threading threading,
                                          const Case &c, std::string &why) {
  MLIRContext context(threading);
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    why += diagnostic.str() + "; ";
    return success();
  });
  return emit(c, context, why);
}

Artifact compile(const Case &c, std::string &why) {
  auto object = compileWith(MLIRContext::Threading::DISABLED, c, why);
  return succeeded(object) ? load(*object, why) : nullptr;
}

std::string whyUnlike(const Case &c, unsigned times) {
  std::string why;
  std::optional<ObjectBytes> first;
  for (unsigned time = 0; time < times; ++time) {
    auto object = compileWith(time % 2 ? MLIRContext::Threading::ENABLED
                                       : MLIRContext::Threading::DISABLED,
                              c, why);
    if (failed(object))
      return "it does not compile: " + why;
    if (first && *first != *object)
      return "it does not compile to the same bytes again";
    first = std::move(*object);
  }
  return "";
}

} // namespace moelora::differential
