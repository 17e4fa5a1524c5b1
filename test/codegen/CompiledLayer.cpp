// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "CompiledLayer.h"
#include "mlir/Pass/PassManager.h"
#include "moelora/codegen/Emit.h"
#include "moelora/codegen/Passes.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"

using namespace mlir;

namespace moelora::codetest {
namespace {

// NaN in every element type.
constexpr char poison = char(0xff);

/// The routing of the run that is under way, and the service that makes it.
Routing *recording;
decltype(moelora_services::route) routeService;

template <typename T>
void append(std::vector<T> &all, const T *data, int64_t count) {
  all.insert(all.end(), data, data + count);
}

/// Once for each chunk of tokens.
void recordRoute(const moelora_router *router,
                 const moelora_route_inputs *inputs, int32_t *ids,
                 float *weights, moelora_run_stats *stats) {
  routeService(router, inputs, ids, weights, stats);
  int64_t pairs = inputs->tokens * router->top_k;
  append(recording->logits, inputs->logits, inputs->tokens * router->experts);
  append(recording->ids, ids, pairs);
  append(recording->weights, weights, pairs);
}

FailureOr<ObjectBytes> emit(LayerOp layer, StringRef tier) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(layer.getLoc());
  module->push_back(layer->clone());
  ToCpuOptions options;
  options.tier = tier.str();
  PassManager passes(layer.getContext());
  buildToCpuPipeline(passes, options);
  if (failed(passes.run(*module)))
    return failure();
  return emitObject(*module);
}

template <typename T> Guarded copyOf(const std::vector<T> &data) {
  return data.empty() ? Guarded()
                      : Guarded(data.data(), data.size() * sizeof(T));
}

Guarded recorded(const Routing &routing, moelora_role role) {
  switch (role) {
  case MOELORA_ROUTER_LOGITS:
    return copyOf(routing.logits);
  case MOELORA_EXPERT_IDS:
    return copyOf(routing.ids);
  case MOELORA_EXPERT_WEIGHTS:
    return copyOf(routing.weights);
  default:
    return Guarded();
  }
}

Guarded poisoned(size_t bytes) {
  Guarded memory(bytes);
  std::memset(memory.data(), poison, bytes);
  return memory;
}

} // namespace

CompiledLayer::CompiledLayer(LayerOp layer, StringRef tier, std::string &why) {
  FailureOr<ObjectBytes> object = emit(layer, tier);
  if (failed(object)) {
    why = "it does not compile";
    return;
  }
  llvm::SmallString<64> path;
  if (std::error_code code = llvm::sys::fs::createTemporaryFile(
          "moelora-check-code", "so", path)) {
    why = code.message();
    return;
  }
  // What is loaded stays loaded without its name.
  llvm::scope_exit remove([&] { llvm::sys::fs::remove(path); });
  if (!linkSharedObject(*object, path, why))
    return;
  moelora_artifact_file *loaded = nullptr;
  moelora_error *error = nullptr;
  if (moelora_artifact_load(path.c_str(), &loaded, &error) != MOELORA_OK)
    why = moelora_error_text(error);
  moelora_error_free(error);
  file.reset(loaded);
}

moelora_run CompiledLayer::entryOf(moelora_entry entry) const {
  const moelora_artifact &a = *artifact();
  return entry == MOELORA_ENTRY_ALL      ? a.run
         : entry == MOELORA_ENTRY_LOGITS ? a.run_from_logits
                                         : a.run_from_ids;
}

RunResult CompiledLayer::run(moelora_entry entry, const Operands &operands,
                             int64_t tokens, moelora_pool *pool,
                             Routing &routing) const {
  moelora_services services = {};
  moelora_services_init(pool, &services);
  Routing made;
  recording = &made;
  routeService = services.route;
  services.route = recordRoute;
  moelora_run_stats stats = {};
  moelora_run_args args = {};
  args.struct_size = sizeof(args);
  args.abi_version = MOELORA_ABI_VERSION;
  args.tokens = tokens;
  uint32_t roles = moelora_entry_operands(artifact(), entry);
  std::array<Guarded, MOELORA_ROLES> given;
  for (int r = 0; r < MOELORA_ROLES; ++r) {
    auto role = moelora_role(r);
    given[r] = recorded(routing, role);
    if (roles >> r & 1)
      args.operand[r] =
          operands.get(role) ? operands.get(role) : given[r].data();
  }
  const moelora_layer &layer = artifact()->layer;
  size_t size = reference::bytesOf(moelora_dtype(layer.dtype));
  RunResult result;
  Guarded output = poisoned(tokens * layer.hidden * size);
  args.output = output.data();
  args.workspace_bytes = artifact()->workspace_bytes(tokens, services.workers);
  // A multiple of the alignment that it needs, and pages are too.
  Guarded workspace = poisoned(args.workspace_bytes);
  args.workspace = workspace.data();
  args.directory = operands.directory();
  args.services = &services;
  args.stats = &stats;
  result.status = entryOf(entry)(&args);
  result.droppedPairs = stats.dropped_pairs;
  result.output.assign(output.data(), output.data() + output.bytes());
  if (!made.ids.empty())
    routing = std::move(made);
  return result;
}

} // namespace moelora::codetest
