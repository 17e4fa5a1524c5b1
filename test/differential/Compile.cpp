// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Compile.h"
#include "mlir/Pass/PassManager.h"
#include "moelora/codegen/Passes.h"
#include "moelora/codegen/Target.h"
#include "moelora/link/SharedObject.h"

using namespace mlir;

namespace moelora::differential {
namespace {

/// The tiers that this machine runs take turns.
std::string tierOf(const Case &c, std::string &why) {
  const char *names[] = {"avx2", "avx512f", "avx512bf16"};
  std::optional<CpuTarget> best = resolveCpu("native", why);
  return best ? names[c.seed % (int(best->tier) + 1)] : "";
}

LogicalResult addPasses(PassManager &passes, const Case &c, Target target,
                        std::string &why) {
  if (target == Target::Emulator) {
    ToGpuOptions options;
    setGpuOptions(c, options);
    buildToGpuPipeline(passes, options);
    return success();
  }
  ToCpuOptions options;
  options.tier = tierOf(c, why);
  buildToCpuPipeline(passes, options);
  return success(!options.tier.empty());
}

FailureOr<ObjectBytes> emit(const Case &c, Target target, MLIRContext &context,
                            std::string &why) {
  context.loadDialect<MoELoRADialect>();
  Location location = UnknownLoc::get(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(location);
  OpBuilder builder = OpBuilder::atBlockBegin(module->getBody());
  PassManager passes(&context);
  if (failed(addPasses(passes, c, target, why)) ||
      failed(buildLayer(builder, location, c.layer, c.options)) ||
      failed(passes.run(*module)))
    return failure();
  return emitObject(*module);
}

FailureOr<ObjectBytes> compileWith(MLIRContext::Threading threading,
                                   const Case &c, Target target,
                                   std::string &why) {
  MLIRContext context(threading);
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    why += diagnostic.str() + "; ";
    return success();
  });
  return emit(c, target, context, why);
}

} // namespace

void setGpuOptions(const Case &c, ToGpuOptions &options) {
  options.target = "emulated-sm_80";
  options.strategy = c.strategy == Strategy::UnfusedPeer
                         ? StrategyChoice::UnfusedPeer
                         : StrategyChoice::InPlace;
  options.tiles = ArrayRef(c.tiles);
  options.planInConsumer = c.planInConsumer;
}

host::ArtifactHandle compile(const Case &c, Target target, std::string &why) {
  auto object = compileWith(MLIRContext::Threading::DISABLED, c, target, why);
  return host::ArtifactHandle(succeeded(object) ? loadObject(*object, why)
                                                : nullptr);
}

std::string whyUnlike(const Case &c, Target target, unsigned times) {
  std::string why;
  std::optional<ObjectBytes> first;
  for (unsigned time = 0; time < times; ++time) {
    auto object = compileWith(time % 2 ? MLIRContext::Threading::ENABLED
                                       : MLIRContext::Threading::DISABLED,
                              c, target, why);
    if (failed(object))
      return "it does not compile: " + why;
    if (first && *first != *object)
      return "it does not compile to the same bytes again";
    first = std::move(*object);
  }
  return "";
}

} // namespace moelora::differential
