// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs the function @serve of host.mlir with two adapters, and compares both
// layers and the code between them with the reference.

#include "Data.h"
#include "moelora/reference/Compare.h"
#include "moelora/runtime/Call.h"
#include "moelora/runtime/Execute.h"

#include <cstdio>
#include <cstdlib>

using namespace moelora;

extern "C" const moelora_artifact *moelora_query_first(uint32_t abi);
extern "C" const moelora_artifact *moelora_query_second(uint32_t abi);
extern "C" void _mlir_ciface_serve(
    MemRef<2> *x, MemRef<1> *slots, MemRef<3> *router1, MemRef<4> *gateUp1,
    MemRef<3> *down1, MemRef<3> *router2, MemRef<4> *gateUp2, MemRef<3> *down2,
    moelora_slot_table *gateUpAdapters1, moelora_slot_table *downAdapters1,
    moelora_slot_table *gateUpAdapters2, moelora_slot_table *downAdapters2,
    MemRef<2> *first, MemRef<2> *between, MemRef<2> *second,
    moelora_call_context *context);

static moelora_error *error;

static void must(moelora_status status) {
  if (status == MOELORA_OK)
    return;
  std::fprintf(stderr, "error: %s\n", moelora_error_text(error));
  std::exit(1);
}

/* Binds a layer for calls, which bring its weights. */
static moelora_bound_layer *bind(const moelora_artifact *artifact,
                                 int32_t number, moelora_slot_table *table) {
  moelora_program *program;
  moelora_bound_layer *layer;
  moelora_binding binding = {0};
  binding.size = sizeof binding;
  binding.layer = number;
  binding.flags = MOELORA_BIND_CALLED;
  binding.table = table;
  must(moelora_program_create(artifact, "cpu", moelora_device_cpu(), NULL,
                              &program, &error));
  must(moelora_layer_bind(program, &binding, &layer, &error));
  return layer;
}

struct Host {
  Host() : table(adapters.makeTable(error)) {
    must(table ? MOELORA_OK : MOELORA_INVALID);
    layers[0] = bind(moelora_query_first(MOELORA_ABI_VERSION), 0, table);
    layers[1] = bind(moelora_query_second(MOELORA_ABI_VERSION), 1, table);
    must(moelora_step_create(table, nullptr, Tokens, &step, &error));
    for (int t = 0; t < Tokens; ++t)
      ids[t] = t % 3 < 2 ? adapters.ids[t % 3] : -1;
  }

  moelora_call_context contextOf(moelora_run *run);
  void serve(moelora_call_context *context);
  void compareLayer(int number, const Rows &input, const Rows &output);
  void compareBetween();

  Adapters adapters;
  Weights weights[2] = {Weights(layerSizes[0], 1), Weights(layerSizes[1], 2)};
  moelora_slot_table *table;
  moelora_step *step;
  const moelora_bound_layer *layers[2];
  std::vector<char> workspace;
  int32_t ids[Tokens];
  Rows x = randomRows(3), first, between, second;
};

/* What both layers need at run time besides tensors. */
moelora_call_context Host::contextOf(moelora_run *run) {
  moelora_call_context context = {};
  context.size = sizeof context;
  context.layers = 2;
  context.layer = layers;
  context.run = run;
  *run = {};
  run->size = sizeof *run;
  run->step = step;
  for (const moelora_bound_layer *layer : layers)
    run->workspace_bytes =
        std::max(run->workspace_bytes,
                 moelora_layer_workspace(layer, MOELORA_ENTRY_ALL, Tokens));
  workspace.resize(run->workspace_bytes + 256);
  run->workspace = alignedTo256(workspace.data());
  return context;
}

void Host::serve(moelora_call_context *context) {
  MemRef<1> slots = describe<1>(ids, {Tokens});
  MemRef<2> in = x.memRef(), a = first.memRef(), b = between.memRef(),
            c = second.memRef();
  auto [router1, gateUp1, down1] = weights[0].memRefs();
  auto [router2, gateUp2, down2] = weights[1].memRefs();
  _mlir_ciface_serve(&in, &slots, &router1, &gateUp1, &down1, &router2,
                     &gateUp2, &down2, table, table, table, table, &a, &b, &c,
                     context);
}

void Host::compareLayer(int number, const Rows &input, const Rows &output) {
  const moelora_artifact *artifact =
      number ? moelora_query_second(MOELORA_ABI_VERSION)
             : moelora_query_first(MOELORA_ABI_VERSION);
  reference::Problem problem;
  problem.layer = *artifact->layer;
  problem.tokens = Tokens;
  problem.operand[MOELORA_HIDDEN] = {MOELORA_BF16, input.data.data()};
  weights[number].giveTo(problem);
  std::vector<int32_t> slots;
  for (int t = 0; t < Tokens; ++t)
    slots.push_back(t % 3 < 2 ? t % 3 : -1);
  problem.slots = slots.data();
  reference::Adapter pairs[2] = {adapters.read(0, number),
                                 adapters.read(1, number)};
  problem.adapters = {&pairs[0], &pairs[1]};
  std::string wrong = reference::problemError(problem);
  if (wrong.empty())
    wrong = reference::compareRows(output.view(),
                                   reference::evaluate(problem, true))
                .failure();
  std::printf("layer %d is right: %s\n", number,
              wrong.empty() ? "yes" : wrong.c_str());
}

void Host::compareBetween() {
  bool same = true;
  for (int64_t i = 0; i < Tokens * Hidden; ++i)
    same &= between.at(i) ==
            reference::roundTo(MOELORA_BF16, float(x.at(i) + first.at(i)));
  std::printf("the sum between them is right: %s\n", same ? "yes" : "no");
}

int main() {
  Host host;
  moelora_run run;
  moelora_call_context context = host.contextOf(&run);
  must(moelora_step_enter(host.step, nullptr, &error));
  must(moelora_step_resolve(host.step, nullptr, host.ids, Tokens, nullptr,
                            &error));
  host.serve(&context);
  error = context.error;
  must(static_cast<moelora_status>(context.status));
  host.compareLayer(0, host.x, host.first);
  host.compareBetween();
  host.compareLayer(1, host.between, host.second);

  // The host passes other ids than those that were resolved.
  host.ids[0] = host.ids[1];
  host.serve(&context);
  std::printf("status %d: %s\n", context.status,
              context.error ? moelora_error_text(context.error) : "");
  moelora_error_free(context.error);
  must(moelora_step_leave(host.step, nullptr, &error));
}
