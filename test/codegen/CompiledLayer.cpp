// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "CompiledLayer.h"
#include "mlir/Pass/PassManager.h"
#include "moelora/codegen/Passes.h"
#include "moelora/link/SharedObject.h"

using namespace mlir;

namespace moelora::codetest {
namespace {

/// The routing of the run that is under way, and the service that makes it.
thread_local Routing *recording;
thread_local decltype(moelora_services::route) routeService;

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

} // namespace

CompiledLayer::CompiledLayer(LayerOp layer, StringRef tier, std::string &why) {
  FailureOr<ObjectBytes> object = emit(layer, tier);
  if (failed(object)) {
    why = "it does not compile";
    return;
  }
  file.reset(loadObject(*object, why));
}

moelora_run_function CompiledLayer::entryOf(moelora_entry_kind entry) const {
  ArrayRef<moelora_entry> all(variant().entry, variant().entries);
  const auto *found =
      llvm::find_if(all, [&](const auto &e) { return e.kind == entry; });
  return found == all.end() ? nullptr : found->run;
}

const moelora_operand *CompiledLayer::row(moelora_role role) const {
  int32_t index = moelora_variant_operand(&variant(), role, 0);
  return index < 0 ? nullptr : &variant().operand[index];
}

template <typename T> const void *RunInput::copy(const std::vector<T> &data) {
  if (data.empty())
    return nullptr;
  memory.push_back(
      std::make_shared<Guarded>(guarded(data.data(), data.size() * sizeof(T))));
  return memory.back()->data();
}

const void *RunInput::recorded(const Routing &routing, moelora_role role) {
  switch (role) {
  case MOELORA_ROUTER_LOGITS:
    return copy(routing.logits);
  case MOELORA_EXPERT_IDS:
    return copy(routing.ids);
  case MOELORA_EXPERT_WEIGHTS:
    return copy(routing.weights);
  default:
    return nullptr;
  }
}

RunInput::RunInput(const Operands &operands, const Routing &routing) {
  for (int r = 0; r < MOELORA_ROLES; ++r) {
    auto role = moelora_role(r);
    operand[r] =
        operands.get(role) ? operands.get(role) : recorded(routing, role);
  }
  static const uint64_t ticket = 1;
  static moelora_run_stats stats;
  if (!operands.words().empty())
    step = {
        &ticket, operands.words().data(),          operands.numbers().data(),
        &stats,  int32_t(operands.words().size()), 16};
}

RunResult CompiledLayer::run(moelora_entry_kind entry, const RunInput &input,
                             int64_t tokens, moelora_pool *pool,
                             const Change &change) const {
  RunResult result;
  recording = &result.routing;
  moelora_services services = {};
  moelora_services_init(pool, &services);
  routeService = services.route;
  services.route = recordRoute;
  int32_t outputRow = moelora_variant_operand(&variant(), MOELORA_OUTPUT, 0);
  Guarded output(moelora_variant_operand_bytes(&variant(), outputRow, tokens));
  std::vector<void *> operands(variant().operands);
  for (uint32_t row = 0; row < variant().operands; ++row)
    if (variant().operand[row].entries >> entry & 1)
      operands[row] =
          const_cast<void *>(input.operand[variant().operand[row].role]);
  operands[outputRow] = output.data();
  int64_t most = std::max(tokens, input.mostTokens);
  Guarded workspace(variant().workspace(entry, most, services.workers),
                    variant().workspace_align);
  std::fill_n(workspace.as<char>(), workspace.size(), input.fill);
  moelora_run_stats stats = {};
  moelora_run_args args = {};
  args.size = sizeof(args);
  args.abi = MOELORA_ABI_VERSION;
  args.layer = differential::Pages::layer;
  args.tokens = tokens;
  args.operand = operands.data();
  args.workspace = workspace.data();
  args.workspace_bytes = workspace.size();
  args.step = input.step ? &*input.step : nullptr;
  args.valid_tokens = input.validTokens;
  args.services = &services;
  args.stats = &stats;
  if (change)
    change(args);
  result.status = entryOf(entry)(&args);
  result.droppedPairs = stats.dropped_pairs;
  result.output.assign(output.data(), output.data() + output.size());
  return result;
}

} // namespace moelora::codetest
