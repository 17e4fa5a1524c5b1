// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compares a layer with the sum of its parts. A sum of f32 in another order may
// be rounded to the next number of bf16.

#include "../calling/Data.h"
#include "moelora/runtime/Call.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>

using namespace moelora;

extern "C" const moelora_artifact *moelora_query_experts(uint32_t abi);
extern "C" const moelora_artifact *moelora_query_experts_cut_2x1(uint32_t abi);
extern "C" void _mlir_ciface_both(MemRef<2> *x, MemRef<2> *ids, MemRef<2> *low,
                                  MemRef<2> *high, MemRef<2> *weights,
                                  MemRef<4> *gateUp, MemRef<3> *down,
                                  MemRef<2> *whole, MemRef<2> *added,
                                  moelora_call_context *context);

static moelora_error *error;

static void must(moelora_status status) {
  if (status == MOELORA_OK)
    return;
  std::fprintf(stderr, "error: %s\n", moelora_error_text(error));
  std::exit(1);
}

static moelora_bound_layer *bind(const moelora_artifact *artifact) {
  moelora_program *program;
  moelora_bound_layer *layer;
  moelora_binding binding = {};
  binding.size = sizeof binding;
  binding.layer = 0;
  binding.flags = MOELORA_BIND_CALLED;
  must(moelora_program_create(artifact, "cpu", moelora_device_cpu(), nullptr,
                              &program, &error));
  must(moelora_layer_bind(program, &binding, &layer, &error));
  return layer;
}

struct Routing {
  Routing() {
    for (int t = 0; t < Tokens; ++t)
      for (int j = 0; j < 2; ++j) {
        ids.push_back((t + j * (t % 3 + 1)) % 4);
        weights.push_back(0.25f + 0.5f * float(j));
      }
  }
  std::vector<int32_t> ids;
  /// The numbers of the experts in each part.
  int32_t low[4] = {0, 1, -1, -1}, high[4] = {-1, -1, 0, 1};
  std::vector<float> weights;
};

static MemRef<2> pairsOf(void *data) { return describe<2>(data, {Tokens, 2}); }

/// The largest distance, in units of the last bit of bf16.
static double compare(const Rows &found, const Rows &wanted) {
  double worst = 0;
  for (int64_t i = 0; i < Tokens * Hidden; ++i) {
    double unit = std::ldexp(1.0, std::ilogb(wanted.at(i)) - 7);
    worst = std::fmax(worst, std::fabs(found.at(i) - wanted.at(i)) / unit);
  }
  return worst;
}

int main() {
  const moelora_bound_layer *layers[] = {
      bind(moelora_query_experts(MOELORA_ABI_VERSION)),
      bind(moelora_query_experts_cut_2x1(MOELORA_ABI_VERSION))};
  std::vector<char> workspace(1 << 20);
  moelora_run run = {};
  run.size = sizeof run;
  run.workspace = alignedTo256(workspace.data());
  run.workspace_bytes = workspace.size() - 256;
  moelora_call_context context = {};
  context.size = sizeof context;
  context.layers = 2;
  context.layer = layers;
  context.run = &run;
  Routing routing;
  Weights weights({4, 32}, 1);
  auto [router, gateUp, down] = weights.memRefs();
  Rows x = randomRows(2), whole, added;
  MemRef<2> in = x.memRef(), ids = pairsOf(routing.ids.data()),
            low = describe<2>(routing.low, {1, 4}),
            high = describe<2>(routing.high, {1, 4}),
            scale = pairsOf(routing.weights.data()), out = whole.memRef(),
            sum = added.memRef();
  _mlir_ciface_both(&in, &ids, &low, &high, &scale, &gateUp, &down, &out, &sum,
                    &context);
  error = context.error;
  must(static_cast<moelora_status>(context.status));
  double worst = compare(added, whole);
  std::printf("the parts add up to the layer: %s\n",
              worst <= 1 ? "yes" : std::to_string(worst).c_str());
}
