// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compares a compiled layer, field by field, with the layer of a model, with a
// slot table and with a group.

#include "run/Match.h"

#include "base/Failure.h"
#include "collectives/GroupState.h"
#include "pages/TableTarget.h"
#include "run/Variants.h"

#include "moelora/runtime/Artifact.h"

#include <sstream>

using namespace moelora;

namespace {

template <typename T> std::string shown(T value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

std::string shownType(int32_t dtype) {
  const char *name = moelora_dtype_name(dtype);
  return name ? name : shown(dtype);
}

/// Fails if the two sides differ. `place` is a prefix such as "router.".
class Comparison {
public:
  explicit Comparison(std::string place = "") : place(std::move(place)) {}

  template <typename T>
  Comparison &field(const char *name, T compiled, T wanted) {
    return expect(compiled == wanted, name, shown(compiled), shown(wanted));
  }

  Comparison &type(const char *name, int32_t compiled, int32_t wanted) {
    return expect(compiled == wanted, name, shownType(compiled),
                  shownType(wanted));
  }

private:
  std::string place;

  Comparison &expect(bool agree, const char *name, const std::string &compiled,
                     const std::string &wanted) {
    if (!agree)
      fail("expects the compiled layer and the model to agree on " + place +
           name + ", but the compiled layer has " + compiled +
           " and the model has " + wanted);
    return *this;
  }
};

// Parameters of a stage that is switched off have no effect and are not
// compared.

void compareGroups(const moelora_router &a, const moelora_router &b) {
  Comparison("router.")
      .field("top_groups", a.top_groups, b.top_groups)
      .field("group_score", a.group_score, b.group_score)
      .field("group_fill_zero", a.group_fill_zero, b.group_fill_zero);
}

/// How experts are chosen.
void compareChoice(const moelora_router &a, const moelora_router &b) {
  Comparison("router.")
      .field("always", a.always, b.always)
      .field("bias_on", a.bias_on, b.bias_on)
      .field("groups", a.groups, b.groups);
  if (a.groups > 1)
    compareGroups(a, b);
}

/// How the weights of the chosen experts are computed.
void compareWeights(const moelora_router &a, const moelora_router &b) {
  Comparison stage("router.");
  stage.field("post", a.post, b.post)
      .field("renormalize", a.renormalize, b.renormalize)
      .field("scale", a.scale, b.scale)
      .field("expert_scale", a.expert_scale, b.expert_scale)
      .field("weight_type", a.weight_type, b.weight_type);
  if (a.renormalize == MOELORA_RENORMALIZE_SUM ||
      a.renormalize == MOELORA_RENORMALIZE_CLAMP)
    stage.field("epsilon", a.epsilon, b.epsilon);
  if (a.renormalize == MOELORA_RENORMALIZE_PNORM)
    stage.field("norm_p", a.norm_p, b.norm_p);
}

void compare(const moelora_router &a, const moelora_router &b) {
  Comparison("router.")
      .field("experts", a.experts, b.experts)
      .field("top_k", a.top_k, b.top_k)
      .field("logit_type", a.logit_type, b.logit_type)
      .field("logit_scale", a.logit_scale, b.logit_scale)
      .field("softcap", a.softcap, b.softcap)
      .field("score", a.score, b.score)
      .field("score_type", a.score_type, b.score_type)
      .field("table_rows", a.table_rows, b.table_rows);
  if (!a.table_rows)
    compareChoice(a, b);
  compareWeights(a, b);
}

void compare(const std::string &place, const moelora_activation &a,
             const moelora_activation &b) {
  Comparison stage(place);
  stage.field("function", a.function, b.function)
      .field("gated", a.gated, b.gated)
      .field("clamp", a.clamp, b.clamp);
  if (a.clamp != MOELORA_CLAMP_NONE)
    stage.field("gate_max", a.gate_max, b.gate_max)
        .field("up_limit", a.up_limit, b.up_limit);
  if (a.function == MOELORA_SILU)
    stage.field("alpha", a.alpha, b.alpha)
        .field("gate_cap", a.gate_cap, b.gate_cap);
  if (a.gated)
    stage.field("up_offset", a.up_offset, b.up_offset)
        .field("up_cap", a.up_cap, b.up_cap);
}

void compare(const std::string &place, const moelora_norm &a,
             const moelora_norm &b) {
  Comparison stage(place);
  stage.field("present", a.present, b.present);
  if (a.present)
    stage.field("epsilon", a.epsilon, b.epsilon)
        .field("scale", a.scale, b.scale);
}

void compareShared(const moelora_layer &a, const moelora_layer &b) {
  Comparison()
      .field("shared_score", a.shared_score, b.shared_score)
      .field("shared_scale", a.shared_scale, b.shared_scale);
  compare("shared_activation.", a.shared_activation, b.shared_activation);
}

void compare(const moelora_layer &a, const moelora_layer &b) {
  Comparison()
      .type("dtype", a.dtype, b.dtype)
      .type("router_dtype", a.router_dtype, b.router_dtype)
      .field("hidden", a.hidden, b.hidden)
      .field("intermediate", a.intermediate, b.intermediate)
      .field("shared", a.shared, b.shared)
      .field("latent", a.latent, b.latent)
      .field("biases", a.biases, b.biases)
      .field("zero_experts", a.zero_experts, b.zero_experts)
      .field("weight_on_input", a.weight_on_input, b.weight_on_input)
      .field("router_input", a.router_input, b.router_input)
      .field("routed_scale", a.routed_scale, b.routed_scale);
  if (a.zero_experts)
    Comparison().field("zero_kind", a.zero_kind, b.zero_kind);
  compare("router_norm.", a.router_norm, b.router_norm);
  compare("output_norm.", a.output_norm, b.output_norm);
  compare(a.router, b.router);
  compare("activation.", a.activation, b.activation);
  if (a.shared)
    compareShared(a, b);
}

bool hasEntry(const moelora_artifact &artifact, int32_t kind) {
  for (uint32_t v = 0; v < artifact.variants; ++v) {
    const moelora_variant &variant = variantAt(artifact, v);
    for (uint32_t e = 0; e < variant.entries; ++e)
      if (variant.entry[e].kind == kind)
        return true;
  }
  return false;
}

/// The layer as far as an artifact can differ from it. If an artifact always
/// receives the logits or the ids, the stages before them are assumed to match.
moelora_layer knowable(const moelora_artifact &artifact, moelora_layer layer) {
  const moelora_layer &compiled = *artifact.layer;
  if (hasEntry(artifact, MOELORA_ENTRY_ALL))
    return layer;
  layer.router_dtype = compiled.router_dtype;
  layer.router_input = compiled.router_input;
  layer.router_norm = compiled.router_norm;
  layer.biases &= ~uint32_t(MOELORA_HAS_ROUTER_BIAS);
  layer.biases |= compiled.biases & MOELORA_HAS_ROUTER_BIAS;
  if (hasEntry(artifact, MOELORA_ENTRY_LOGITS))
    return layer;
  int32_t experts = layer.router.experts, topK = layer.router.top_k;
  layer.router = compiled.router;
  layer.router.experts = experts;
  layer.router.top_k = topK;
  return layer;
}

constexpr uint64_t bit(int32_t projection) { return uint64_t(1) << projection; }

constexpr uint64_t routed =
    bit(MOELORA_GATE) | bit(MOELORA_UP) | bit(MOELORA_DOWN);
constexpr uint64_t latent = bit(MOELORA_LATENT_IN) | bit(MOELORA_LATENT_OUT);
constexpr uint64_t sharedLinears = bit(MOELORA_SHARED_GATE) |
                                   bit(MOELORA_SHARED_UP) |
                                   bit(MOELORA_SHARED_DOWN);

/// The projections that a layer has.
uint64_t projectionsOf(const moelora_artifact &artifact) {
  const moelora_layer &layer = *artifact.layer;
  uint64_t all = 0;
  if (layer.router.experts > layer.zero_experts)
    all |= layer.activation.gated ? routed : routed & ~bit(MOELORA_GATE);
  if (hasEntry(artifact, MOELORA_ENTRY_ALL) && !layer.router.table_rows)
    all |= bit(MOELORA_ROUTER);
  if (layer.shared)
    all |= layer.shared_activation.gated
               ? sharedLinears
               : sharedLinears & ~bit(MOELORA_SHARED_GATE);
  if (layer.shared && layer.shared_score)
    all |= bit(MOELORA_SHARED_SCORE);
  return layer.latent ? all | latent : all;
}

template <typename T> void agree(const char *what, T compiled, T table) {
  if (compiled != table)
    fail(std::string("expects the compiled layer and the slot table to agree "
                     "on ") +
         what + ", but the compiled layer has " + shown(compiled) +
         " and the slot table has " + shown(table));
}

void atMost(const char *what, int32_t compiled, int32_t table) {
  if (table > compiled)
    fail("expects at most the " + shown(compiled) + " " + what +
         " of the compiled layer, but the slot table has " + shown(table));
}

/// Pairs of a slot table must not be ignored without an error.
void matchProjections(const moelora_artifact &artifact, uint64_t compiled,
                      uint64_t table) {
  uint64_t ignored =
      artifact.layer ? projectionsOf(artifact) & table & ~compiled : 0;
  for (int32_t p = 0; p < MOELORA_PROJECTIONS; ++p)
    if (ignored & bit(p))
      fail(std::string("expects the compiled layer to adapt what adapters of "
                       "the slot table may have, but it does not adapt ") +
           projectionName(p));
}

/// Code that reads one A for all experts must not get adapters with several.
void matchSharedA(uint32_t compiled, const moelora_facts &table) {
  uint64_t open = compiled & table.projections & ~table.shared_a;
  for (int32_t p = 0; p < MOELORA_PROJECTIONS; ++p)
    if (open & bit(p))
      fail(std::string("expects a slot table that takes only adapters whose "
                       "experts share A of ") +
           projectionName(p) +
           ", as the compiled layer requires, but its shared_a is " +
           shown(table.shared_a));
}

/// "1 x 2 x 4 peer ranks (dp x ep x tp)"
std::string shown(const Grid::Triple &sizes) {
  return std::to_string(sizes[0]) + " x " + std::to_string(sizes[1]) + " x " +
         std::to_string(sizes[2]) + " peer ranks (dp x ep x tp)";
}

void checkSizes(const Grid::Triple &wanted, const moelora_group *group) {
  std::string rule = "expects a group of " + shown(wanted) +
                     ", over which the compiled layer was cut, but it ";
  if (!group)
    fail(rule + "is NULL");
  if (group->grid.sizes() != wanted)
    fail(rule + "has " + shown(group->grid.sizes()));
}

} // namespace

void moelora::matchTable(const moelora_artifact &artifact,
                         const moelora_variant &variant,
                         const moelora_facts &table) {
  const moelora_facts &compiled = variant.adapters;
  if (compiled.slots == 0)
    fail(std::string("expects no slot table, as the compiled layer ") +
         artifact.name + " takes no adapters");
  agree("the adapters' element type", compiled.dtype, table.dtype);
  agree("the page order", compiled.page_order, table.page_order);
  atMost("slots", compiled.slots, table.slots);
  atMost("as max_rank", compiled.max_rank, table.max_rank);
  uint64_t adapted = compiled.projections;
  agree("the hidden size", compiled.hidden, table.hidden);
  if (adapted & (routed | latent))
    agree("the width of what experts read", compiled.width, table.width);
  if (adapted & routed) {
    agree("the number of experts", compiled.experts, table.experts);
    agree("the intermediate size", compiled.intermediate, table.intermediate);
  }
  if (adapted & bit(MOELORA_ROUTER))
    agree("the number of logits", compiled.logits, table.logits);
  if (adapted & sharedLinears)
    agree("the shared intermediate size", compiled.shared, table.shared);
  matchProjections(artifact, adapted, table.projections);
  matchSharedA(compiled.shared_a, table);
}

void moelora::matchGroup(const moelora_variant &variant,
                         const moelora_group *group) {
  bool exchanges = variant.services & MOELORA_SERVICE_COLLECTIVE;
  if (exchanges && !isForHost(variant))
    fail(
        std::string("expects a layer that exchanges rows to run on the host, "
                    "as groups have no memory of devices yet, but it is for ") +
            variant.target,
        MOELORA_UNSUPPORTED);
  Grid::Triple cut;
  if (moelora_variant_grid(&variant, cut.data(), nullptr) > 1)
    return checkSizes(cut, group);
  if (exchanges && !group)
    fail("expects a group of peer ranks, with which the compiled layer "
         "exchanges rows, but it is NULL");
  if (!exchanges && group)
    fail("expects no group of peer ranks, as the compiled layer exchanges no "
         "rows, but there is one");
}

moelora_status moelora_artifact_match(const moelora_artifact *artifact,
                                      const moelora_layer *layer,
                                      moelora_error **error) {
  return guarded(error, [&] {
    if (!artifact || !layer)
      fail("expects an artifact and a layer, but one of them is null");
    if (!artifact->layer)
      fail(std::string("expects the description of an ordinary layer, but ") +
           artifact->name + " has none");
    compare(*artifact->layer, knowable(*artifact, *layer));
  });
}
