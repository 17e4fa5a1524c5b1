// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A compiled layer against the layer that it is to serve, field by field.

#include "base/Failure.h"

#include "moelora/runtime/Artifact.h"

#include <sstream>

using namespace moelora;

namespace {

template <typename T> std::string shown(T value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

/// Fails where the two sides differ; `place` is "router." or the like.
class Comparison {
public:
  explicit Comparison(std::string place = "") : place(std::move(place)) {}

  template <typename T>
  Comparison &field(const char *name, T compiled, T wanted) {
    if (compiled != wanted)
      fail("expects the compiled layer and the model to agree on " + place +
           name + ", but the compiled layer has " + shown(compiled) +
           " and the model has " + shown(wanted));
    return *this;
  }

private:
  std::string place;
};

// Parameters of a stage that is switched off mean nothing, and are not asked.

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

/// How the weights of the chosen come about.
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
      .field("dtype", a.dtype, b.dtype)
      .field("router_dtype", a.router_dtype, b.router_dtype)
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

/// The layer as far as an artifact can know it: what comes before the logits,
/// or the ids, that the artifact is always given is taken to be as compiled.
moelora_layer knowable(const moelora_artifact &artifact, moelora_layer layer) {
  const moelora_layer &compiled = artifact.layer;
  if (artifact.run)
    return layer;
  layer.router_dtype = compiled.router_dtype;
  layer.router_input = compiled.router_input;
  layer.router_norm = compiled.router_norm;
  layer.biases &= ~uint32_t(MOELORA_HAS_ROUTER_BIAS);
  layer.biases |= compiled.biases & MOELORA_HAS_ROUTER_BIAS;
  if (artifact.run_from_logits)
    return layer;
  int32_t experts = layer.router.experts, topK = layer.router.top_k;
  layer.router = compiled.router;
  layer.router.experts = experts;
  layer.router.top_k = topK;
  return layer;
}

} // namespace

moelora_status moelora_artifact_match(const moelora_artifact *artifact,
                                      const moelora_layer *layer,
                                      moelora_error **error) {
  return guarded(
      error, [&] { compare(artifact->layer, knowable(*artifact, *layer)); });
}
