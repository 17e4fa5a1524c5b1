// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls of layers, as compiled host programs make them.

#include "SlotTables.h"

#include "moelora/runtime/Call.h"

#include <array>
#include <functional>

using namespace moelora::test;

namespace {

constexpr int64_t Tokens = 3, Width = 8;
using Rows = std::array<float, Tokens * Width>;

moelora_memory memoryOf(int32_t role, int32_t dtype, void *data,
                        std::initializer_list<int64_t> shape) {
  moelora_memory memory = {};
  memory.size = sizeof memory;
  memory.role = role;
  memory.dtype = dtype;
  memory.data = data;
  memory.dims = int32_t(shape.size());
  std::copy(shape.begin(), shape.end(), memory.shape);
  return memory;
}

/// The layer that copies rows and adds slots, in a step that has resolved ids.
struct Call : testing::Test {
  Call() {
    for (size_t i = 0; i < hidden.size(); ++i)
      hidden[i] = float(i) - 7.5f;
    ids = {table.add("second"), -1, table.add("first")};
    step.enter();
    step.resolve(ids);
    moelora_binding binding = {};
    binding.size = sizeof binding;
    binding.layer = -1;
    binding.flags = MOELORA_BIND_CALLED;
    binding.table = table.table;
    EXPECT_EQ(errorOf(moelora_layer_bind, made.program, &binding, &layer), "");
    run.size = sizeof run;
    run.step = step.step;
    run.workspace = workspace.data();
    run.workspace_bytes = 64;
    context.size = sizeof context;
    context.layers = 1;
    context.layer = layers;
    context.run = &run;
    operands = {
        memoryOf(MOELORA_HIDDEN, MOELORA_F32, hidden.data(), {Tokens, Width}),
        memoryOf(MOELORA_CALL_SLOTS, MOELORA_I32, ids.data(), {Tokens}),
        memoryOf(MOELORA_ROUTER_WEIGHT, MOELORA_F32, weight.data(), {4, Width}),
        memoryOf(MOELORA_CALL_TABLES, 0, table.table, {}),
        memoryOf(MOELORA_OUTPUT, MOELORA_F32, output.data(), {Tokens, Width})};
  }
  ~Call() override {
    step.leave();
    EXPECT_EQ(errorOf(moelora_layer_unbind, layer), "");
    moelora_error_free(context.error);
  }

  /// The text of the context after the call.
  std::string call(int64_t number = 0, const char *name = "copy") {
    layers[0] = layer;
    moelora_status status = moelora_call(
        &context, number, name, uint32_t(operands.size()), operands.data());
    EXPECT_EQ(status, context.status);
    EXPECT_EQ(status == MOELORA_OK, !context.error);
    return context.error ? moelora_error_text(context.error) : "";
  }
  Rows expected(const std::array<int, Tokens> &slots) const {
    Rows rows = hidden;
    for (size_t i = 0; i < rows.size(); ++i)
      rows[i] += float(slots[i / Width]);
    return rows;
  }

  MadeProgram made{LAYER_COPY};
  TableOf table{made.variant().adapters};
  StepOf step{table.table};
  std::vector<int32_t> ids;
  Rows hidden, output = {};
  std::array<float, 4 * Width> weight = {};
  Memory workspace{512};
  moelora_bound_layer *layer = nullptr;
  const moelora_bound_layer *layers[1] = {};
  moelora_run run = {};
  moelora_call_context context = {};
  std::vector<moelora_memory> operands;
};

TEST_F(Call, RunsWithItsOperands) {
  EXPECT_EQ(call(), "");
  EXPECT_EQ(output, expected({0, -1, 1}));
}

TEST_F(Call, WithoutAStepAllAreBase) {
  run.step = nullptr;
  EXPECT_EQ(call(), "");
  EXPECT_EQ(output, expected({-1, -1, -1}));
}

TEST_F(Call, WithoutTokensDoesNothing) {
  for (size_t i : {0, 1, 4})
    operands[i].shape[0] = 0;
  EXPECT_EQ(call(), "");
  EXPECT_EQ(output, Rows());
}

TEST_F(Call, AfterAnErrorNothingRuns) {
  EXPECT_EQ(call(1), "expects a context with the layer 1, but it has 1 layers");
  EXPECT_EQ(context.status, MOELORA_INVALID);
  EXPECT_EQ(call(), "expects a context with the layer 1, but it has 1 layers");
  EXPECT_EQ(output, Rows());
}

TEST_F(Call, OfALayerThatIsBoundWithWeights) {
  BoundLayer bound(LAYER_COPY, table.table);
  std::swap(layer, bound.layer);
  EXPECT_EQ(call(), "expects a layer that is bound with MOELORA_BIND_CALLED, "
                    "but it is bound with weights");
  std::swap(layer, bound.layer);
}

TEST_F(Call, IsTheOnlyWayToRunSuchALayer) {
  run.tokens = Tokens;
  EXPECT_EQ(errorOf(moelora_layer_run, layer, &run),
            "expects a layer that is bound with its weights, but it was bound "
            "for calls");
}

TEST_F(Call, BindsNoWeights) {
  moelora_binding binding = made.weights.binding(table.table);
  binding.flags = MOELORA_BIND_CALLED;
  moelora_bound_layer *other = nullptr;
  EXPECT_EQ(errorOf(moelora_layer_bind, made.program, &binding, &other),
            "expects the weights that the compiled layer reads, but it does "
            "not read a router weight from whoever binds it");
}

struct Misfit {
  const char *name;
  std::function<void(Call &)> make;
  const char *answer;
};

struct CallMisfits : Call, testing::WithParamInterface<Misfit> {};

TEST_P(CallMisfits, Refused) {
  GetParam().make(*this);
  EXPECT_EQ(call(), GetParam().answer);
  EXPECT_EQ(output, Rows());
}

const Misfit misfits[] = {
    {"missing", [](Call &c) { c.operands.erase(c.operands.begin() + 2); },
     "expects the router weight in a call, but it is missing"},
    {"twice", [](Call &c) { c.operands.push_back(c.operands[2]); },
     "expects each operand of a call once, but the router weight is there "
     "twice"},
    {"type", [](Call &c) { c.operands[2].dtype = MOELORA_BF16; },
     "expects the router weight to have type F32, but it has BF16"},
    {"shape", [](Call &c) { c.operands[2].shape[0] = 3; },
     "expects the router weight to have shape [4, 8], but it has [3, 8]"},
    {"tokens", [](Call &c) { c.operands[4].shape[0] = 2; },
     "expects the output to have shape [3, 8], but it has [2, 8]"},
    {"null", [](Call &c) { c.operands[2].data = nullptr; },
     "expects the router weight, but its address is null"},
    {"strides",
     [](Call &c) {
       c.operands[0].stride[0] = 9;
       c.operands[0].stride[1] = 1;
     },
     "expects the hidden to have strides [8, 1], but it has [9, 1]"},
    {"ids", [](Call &c) { c.ids[1] = c.ids[0], c.ids[0] = -1; },
     "expects the ids that the step has resolved, but that of token 0 is "
     "another one"},
    {"table", [](Call &c) { c.operands[3].data = &c; },
     "expects the slot table to which the layer is bound, but a call has "
     "another one"},
    {"workspace", [](Call &c) { c.run.workspace_bytes = 0; },
     "expects a workspace of 12 bytes, but it has 0"},
};

INSTANTIATE_TEST_SUITE_P(Call, CallMisfits, testing::ValuesIn(misfits),
                         [](const auto &info) { return info.param.name; });

TEST_F(Call, OfAnotherName) {
  EXPECT_EQ(call(0, "paste"),
            "expects layer 0 of the context to be of paste, but it is of copy");
}

} // namespace
