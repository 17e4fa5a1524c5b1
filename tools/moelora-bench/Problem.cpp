// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Problem.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace moelora::bench {

[[noreturn]] static void fail(const std::string &message) {
  std::fprintf(stderr, "error: %s\n", message.c_str());
  std::exit(1);
}

static void writeConfig(const Shape &shape, const std::string &path) {
  std::ofstream(path) << "{\"model_type\": \"qwen3_moe\", \"hidden_size\": "
                      << shape.hidden
                      << ", \"moe_intermediate_size\": " << shape.intermediate
                      << ", \"num_experts\": " << shape.experts
                      << ", \"num_experts_per_tok\": " << shape.topK
                      << ", \"num_hidden_layers\": 1, \"hidden_act\": "
                         "\"silu\", \"norm_topk_prob\": true, "
                         "\"torch_dtype\": \"bfloat16\"}\n";
}

Compiled::Compiled(const Shape &shape, const std::string &compiler,
                   const std::string &cpu) {
  namespace fs = std::filesystem;
  std::string folder = fs::temp_directory_path() / "moelora-bench-XXXXXX";
  if (!mkdtemp(folder.data()))
    fail("cannot make a temporary folder");
  writeConfig(shape, folder + "/config.json");
  std::string layer = folder + "/layer.so";
  std::string command = "'" + compiler + "' '" + folder +
                        "/config.json' --cpu=" + cpu + " -o '" + layer + "'";
  int status = std::system(command.c_str());
  moelora_error *error = nullptr;
  bool loaded = status == 0 && moelora_artifact_load(layer.c_str(), &file,
                                                     &error) == MOELORA_OK;
  fs::remove_all(folder);
  if (!loaded)
    fail(status ? "failed: " + command : moelora_error_text(error));
}

Compiled::~Compiled() { moelora_artifact_close(file, nullptr); }

moelora_run_function Compiled::run() const {
  for (uint32_t i = 0; i < variant().entries; ++i)
    if (variant().entry[i].kind == MOELORA_ENTRY_IDS)
      return variant().entry[i].run;
  fail("the layer takes no expert ids");
}

static constexpr int64_t alignment = 256; // of workspaces

/// Of a row-major tensor.
static std::vector<int64_t> rowMajor(const moelora_operand &operand) {
  std::vector<int64_t> strides(static_cast<size_t>(operand.dims), 1);
  for (size_t d = strides.size() - 1; d > 0; --d)
    strides[d - 1] = strides[d] * operand.shape[d];
  return strides;
}

Problem::Problem(const Shape &shape, const Cell &cell, const Compiled &compiled,
                 const Weights &weights, const Adapters &adapters,
                 const moelora_services &services)
    : routings(makeRoutings(shape, cell)), shape(shape), cell(cell),
      compiled(compiled), weights(weights), adapters(adapters),
      services(services), hidden(cell.tokens * shape.hidden, 4),
      output(cell.tokens * shape.hidden, 5),
      routerWeights(cell.tokens * shape.topK, 1.0f / shape.topK),
      workspace(compiled.variant().workspace(MOELORA_ENTRY_IDS, cell.tokens,
                                             services.workers) +
                alignment),
      operands(compiled.variant().operands) {
  for (uint32_t row = 0; row < compiled.variant().operands; ++row)
    strides.push_back(rowMajor(compiled.variant().operand[row]));
  for (const std::vector<int64_t> &each : strides)
    strideOf.push_back(each.data());
}

void *Problem::dataOf(int32_t role, const Routing &routing) const {
  switch (role) {
  case MOELORA_HIDDEN:
    return hidden.data();
  case MOELORA_OUTPUT:
    return output.data();
  case MOELORA_EXPERT_IDS:
    return const_cast<int32_t *>(routing.ids.data());
  case MOELORA_EXPERT_WEIGHTS:
    return const_cast<float *>(routerWeights.data());
  case MOELORA_ROUTER_WEIGHT:
    return weights.router.data();
  case MOELORA_GATE_UP_WEIGHT:
    return weights.gateUp.data();
  case MOELORA_DOWN_WEIGHT:
    return weights.down.data();
  default:
    return nullptr;
  }
}

/// Calls generated code, and nothing else of the runtime.
void Problem::run() {
  const Routing &routing = routings[runs++ % routings.size()];
  const moelora_variant &variant = compiled.variant();
  for (uint32_t row = 0; row < variant.operands; ++row)
    operands[row] = dataOf(variant.operand[row].role, routing);
  const uint64_t ticket = 1;
  moelora_step_view step = {&ticket, adapters.words(), routing.slots.data(),
                            &stats,  adapters.count(), 16};
  moelora_run_args args = {};
  args.size = sizeof(args);
  args.abi = MOELORA_ABI_VERSION;
  args.tokens = cell.tokens;
  args.operand = operands.data();
  args.stride = strideOf.data();
  uint64_t address = reinterpret_cast<uint64_t>(workspace.data());
  uint64_t skipped = (alignment - address % alignment) % alignment;
  args.workspace = workspace.data() + skipped;
  args.workspace_bytes = workspace.size() - skipped;
  args.step = cell.adapters ? &step : nullptr;
  args.services = &services;
  args.stats = &stats;
  if (int32_t status = compiled.run()(&args))
    fail("the layer returned status " + std::to_string(status));
}

/// The pairs of one slot as the reference reads them.
static reference::Adapter viewAdapter(const Adapters &adapters, int32_t slot,
                                      const Shape &shape) {
  reference::Adapter adapter;
  for (int32_t projection : {MOELORA_GATE, MOELORA_UP, MOELORA_DOWN}) {
    bool down = projection == MOELORA_DOWN;
    int64_t in = down ? shape.intermediate : shape.hidden;
    int64_t out = down ? shape.hidden : shape.intermediate;
    for (int64_t expert = 0; expert < shape.experts; ++expert) {
      const moelora_pair &pair = adapters.pair(slot, projection, expert);
      int64_t ranks = pair.pages * MOELORA_PAGE_RANKS;
      // Only the first page: B of one page is [out, 16], row-major.
      adapter.pairs[projection].push_back(
          {{MOELORA_BF16, adapters.pages(slot, pair.a), ranks, in, in},
           {MOELORA_BF16, adapters.pages(slot, pair.b), out, ranks,
            MOELORA_PAGE_RANKS},
           pair.scale});
    }
  }
  return adapter;
}

reference::Verdict Problem::compare() const {
  const Routing &routing = routings[(runs - 1) % routings.size()];
  reference::Problem problem;
  problem.layer = *compiled.artifact().layer;
  problem.tokens = cell.tokens;
  problem.entry = reference::Entry::FromIds;
  problem.operand[MOELORA_HIDDEN] = {MOELORA_BF16, hidden.data()};
  problem.operand[MOELORA_EXPERT_WEIGHTS] = {MOELORA_F32, routerWeights.data()};
  problem.operand[MOELORA_GATE_UP_WEIGHT] = {MOELORA_BF16,
                                             weights.gateUp.data()};
  problem.operand[MOELORA_DOWN_WEIGHT] = {MOELORA_BF16, weights.down.data()};
  problem.slots = routing.slots.data();
  problem.expertIds = routing.ids.data();
  std::vector<reference::Adapter> views;
  for (int32_t slot = 0; slot < cell.adapters; ++slot)
    views.push_back(viewAdapter(adapters, slot, shape));
  for (const reference::Adapter &view : views)
    problem.adapters.push_back(&view);
  std::vector<int64_t> tokens = {0, cell.tokens - 1};
  reference::Output exact = reference::evaluate(problem, tokens, true, 2);
  return reference::compareRows(
      {MOELORA_BF16, output.data(), cell.tokens, shape.hidden, shape.hidden},
      tokens, exact);
}

} // namespace moelora::bench
