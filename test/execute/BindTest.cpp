// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Binding: weights that fit, and weights that do not.

#include "Layers.h"

#include <functional>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

struct Bind : testing::Test {
  std::string error() {
    binding.weight = made.weights.list.data();
    binding.weights = uint32_t(made.weights.list.size());
    moelora_bound_layer *layer = nullptr;
    std::string text =
        errorOf(moelora_layer_bind, made.program, &binding, &layer);
    EXPECT_EQ(layer != nullptr, text.empty());
    EXPECT_EQ(errorOf(moelora_layer_unbind, layer), "");
    return text;
  }
  moelora_memory &gateUp() { return made.weights.of(MOELORA_GATE_UP_WEIGHT); }
  moelora_memory &down() { return made.weights.of(MOELORA_DOWN_WEIGHT); }

  MadeProgram made{LAYER_NAIVE};
  moelora_binding binding = made.weights.binding();
};

TEST_F(Bind, TakesWeightsInAnyOrder) {
  EXPECT_EQ(error(), "");
  std::swap(made.weights.list.front(), made.weights.list.back());
  EXPECT_EQ(error(), "");
}

TEST_F(Bind, StatedStridesAndPlaceMayBeRight) {
  const int64_t strides[] = {48 * 24, 24, 1};
  std::copy(std::begin(strides), std::end(strides), down().stride);
  down().device_kind = MOELORA_MEMORY_CPU;
  EXPECT_EQ(error(), "");
}

/// One misfit, and what is said of it.
struct Misfit {
  const char *name;
  std::function<void(Bind &)> make;
  const char *answer;
};

struct Misfits : Bind, testing::WithParamInterface<Misfit> {};

TEST_P(Misfits, Refused) {
  GetParam().make(*this);
  EXPECT_EQ(error(), GetParam().answer);
}

const Misfit misfits[] = {
    {"missing", [](Bind &b) { b.made.weights.list.pop_back(); },
     "expects the down weight, but it is missing"},
    {"twice", [](Bind &b) { b.made.weights.list.push_back(b.down()); },
     "expects each weight once, but the down weight is there twice"},
    {"unknown",
     [](Bind &b) {
       b.made.weights.list.push_back(b.down());
       b.made.weights.list.back().role = MOELORA_DOWN_BIAS;
     },
     "expects the weights that the compiled layer reads, but it does not read "
     "a down bias from whoever binds it"},
    {"of_a_run",
     [](Bind &b) {
       b.made.weights.list.push_back(b.down());
       b.made.weights.list.back().role = MOELORA_HIDDEN;
     },
     "expects the weights that the compiled layer reads, but it does not read "
     "a hidden from whoever binds it"},
    {"type", [](Bind &b) { b.down().dtype = MOELORA_F16; },
     "expects the down weight to have type BF16, but it has F16"},
    {"no_type", [](Bind &b) { b.down().dtype = -4; },
     "expects the down weight to have type BF16, but it has -4"},
    {"dims", [](Bind &b) { b.down().dims = 2; },
     "expects the down weight to have shape [6, 48, 24], but it has [6, 48]"},
    {"many_dims", [](Bind &b) { b.down().dims = 1 << 20; },
     "expects the down weight to have shape [6, 48, 24], but it has "
     "[6, 48, 24, 0, 0, 0, 0, 0]"},
    {"shape", [](Bind &b) { b.gateUp().shape[1] = 3; },
     "expects the gate_up weight to have shape [6, 2, 24, 48], but it has "
     "[6, 3, 24, 48]"},
    {"strides",
     [](Bind &b) {
       const int64_t turned[] = {48 * 24, 1, 48};
       std::copy(std::begin(turned), std::end(turned), b.down().stride);
     },
     "expects the down weight to have strides [1152, 24, 1], but it has "
     "[1152, 1, 48]"},
    {"null", [](Bind &b) { b.down().data = nullptr; },
     "expects the down weight, but its address is null"},
    {"alignment",
     [](Bind &b) { b.down().data = static_cast<char *>(b.down().data) + 2; },
     "expects the address of the down weight to be a multiple of 4, but it is "
     "not"},
    {"place", [](Bind &b) { b.down().device_kind = MOELORA_MEMORY_CUDA; },
     "expects the down weight to be in memory of cpu, but it is in memory of "
     "kind 2 of device 0"},
    {"size", [](Bind &b) { b.down().size = 8; },
     "expects a weight and the others of its array to be structs of one size, "
     "but one has 168 bytes and one "
     "8"},
    {"own_size", [](Bind &b) { b.binding.size = 0; },
     "expects the size of a binding to be from 48 to 65536, as sizeof says, "
     "but "
     "it is 0"},
    {"layer", [](Bind &b) { b.binding.layer = -2; },
     "expects the number of a layer, or -1, but it is -2"},
    {"group",
     [](Bind &b) { b.binding.group = reinterpret_cast<moelora_group *>(&b); },
     "expects no group of peer ranks, as the compiled layer exchanges no rows, "
     "but there is one"},
};

INSTANTIATE_TEST_SUITE_P(Bind, Misfits, testing::ValuesIn(misfits),
                         [](const auto &info) { return info.param.name; });

TEST_F(Bind, ComparesTheLayerThatIsExpected) {
  moelora_layer expected = *made.artifact().layer;
  binding.expected = &expected;
  EXPECT_EQ(error(), "");
  expected.router.top_k = 3;
  EXPECT_THAT(error(), HasSubstr("router.top_k"));
}

TEST_F(Bind, NeedsAnAddressOfTheWeights) {
  binding.weight = nullptr;
  moelora_bound_layer *layer = nullptr;
  EXPECT_EQ(errorOf(moelora_layer_bind, made.program, &binding, &layer),
            "expects weights, but their address is null");
}

TEST_F(Bind, TellsTheWorkspace) {
  BoundLayer layer(LAYER_NAIVE);
  EXPECT_EQ(moelora_layer_workspace(layer.layer, MOELORA_ENTRY_ALL, 3),
            3u * 10 * 4);
  EXPECT_EQ(moelora_layer_workspace(layer.layer, MOELORA_ENTRY_RESOLVE, 3), 0u);
  EXPECT_EQ(moelora_layer_workspace(layer.layer, -1, 3), 0u);
  EXPECT_EQ(moelora_layer_workspace(layer.layer, MOELORA_ENTRY_ALL, -3), 0u);
  EXPECT_EQ(moelora_layer_workspace(nullptr, MOELORA_ENTRY_ALL, 3), 0u);
}

} // namespace
