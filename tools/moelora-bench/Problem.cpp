// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Problem.h"
#include "moelora/reference/Bound.h"

#include <cmath>
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

Compiled::~Compiled() { moelora_artifact_close(file); }

static constexpr int64_t cacheLine = 64;

Problem::Problem(const Shape &shape, const Cell &cell, const Compiled &compiled,
                 const Weights &weights, const Adapters &adapters,
                 const moelora_services &services)
    : routings(makeRoutings(shape, cell)), shape(shape), cell(cell),
      compiled(compiled), weights(weights), directory(adapters.directory()),
      services(services), hidden(cell.tokens * shape.hidden, 4),
      output(cell.tokens * shape.hidden, 5),
      routerWeights(cell.tokens * shape.topK, 1.0f / shape.topK),
      workspace(
          compiled.artifact().workspace_bytes(cell.tokens, services.workers) +
          cacheLine) {}

void Problem::run() {
  const Routing &routing = routings[runs++ % routings.size()];
  moelora_run_args args = {};
  args.struct_size = sizeof(args);
  args.abi_version = MOELORA_ABI_VERSION;
  args.tokens = cell.tokens;
  args.operand[MOELORA_HIDDEN] = hidden.data();
  args.operand[MOELORA_SLOTS] = routing.slots.data();
  args.operand[MOELORA_EXPERT_IDS] = routing.ids.data();
  args.operand[MOELORA_EXPERT_WEIGHTS] = routerWeights.data();
  args.operand[MOELORA_ROUTER_WEIGHT] = weights.router.data();
  args.operand[MOELORA_GATE_UP_WEIGHT] = weights.gateUp.data();
  args.operand[MOELORA_DOWN_WEIGHT] = weights.down.data();
  args.output = output.data();
  uint64_t address = reinterpret_cast<uint64_t>(workspace.data());
  uint64_t skipped = (cacheLine - address % cacheLine) % cacheLine;
  args.workspace = workspace.data() + skipped;
  args.workspace_bytes = workspace.size() - skipped;
  args.directory = cell.adapters ? &directory : nullptr;
  args.services = &services;
  args.stats = &stats;
  if (int32_t status = compiled.artifact().run_from_ids(&args))
    fail("the layer returned status " + std::to_string(status));
}

/// The pairs of one slot as the reference reads them.
static reference::Adapter viewAdapter(const moelora_adapter_layer &layer,
                                      const Shape &shape) {
  reference::Adapter adapter;
  for (int32_t projection : {MOELORA_GATE, MOELORA_UP, MOELORA_DOWN}) {
    bool down = projection == MOELORA_DOWN;
    int64_t in = down ? shape.intermediate : shape.hidden;
    int64_t out = down ? shape.hidden : shape.intermediate;
    for (int64_t expert = 0; expert < shape.experts; ++expert) {
      const moelora_pair &pair = layer.projection[projection][expert];
      // Only the first page: B of one page is [out, 16], row-major.
      adapter.pairs[projection].push_back(
          {{MOELORA_BF16, pair.a, pair.rank, in, in},
           {MOELORA_BF16, pair.b, out, pair.rank, MOELORA_PAGE_RANKS},
           pair.scale});
    }
  }
  return adapter;
}

double Problem::worstRatio() const {
  const Routing &routing = routings[(runs - 1) % routings.size()];
  reference::Problem problem;
  problem.layer = compiled.artifact().layer;
  problem.tokens = cell.tokens;
  problem.entry = reference::Entry::FromIds;
  problem.operand[MOELORA_HIDDEN] = {MOELORA_BF16, hidden.data()};
  problem.operand[MOELORA_EXPERT_WEIGHTS] = {MOELORA_F32, routerWeights.data()};
  problem.operand[MOELORA_GATE_UP_WEIGHT] = {MOELORA_BF16,
                                             weights.gateUp.data()};
  problem.operand[MOELORA_DOWN_WEIGHT] = {MOELORA_BF16, weights.down.data()};
  problem.slots = routing.slots.data();
  problem.expertIds = routing.ids.data();
  std::vector<reference::Adapter> adapters;
  for (int32_t slot = 0; slot < cell.adapters; ++slot) {
    auto *index =
        reinterpret_cast<const moelora_adapter_index *>(directory.entry[slot]);
    adapters.push_back(viewAdapter(index->layer[0], shape));
  }
  for (const reference::Adapter &adapter : adapters)
    problem.adapters.push_back(&adapter);
  std::vector<int64_t> tokens = {0, cell.tokens - 1};
  reference::Output exact = reference::evaluate(problem, tokens, true, 2);
  double worst = 0;
  for (size_t row = 0; row < tokens.size(); ++row)
    for (int64_t column = 0; column < shape.hidden; ++column) {
      double wanted = exact.rows[row * shape.hidden + column];
      double bound = exact.bounds[row * shape.hidden + column];
      double got = reference::loadBrain(
          output.data()[tokens[row] * shape.hidden + column]);
      worst = std::fmax(worst, std::fabs(got - wanted) / bound);
    }
  return worst;
}

} // namespace moelora::bench
