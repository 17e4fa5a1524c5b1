// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A compiled layer against the layer that it is to serve, field by field.

#include "../Failure.h"

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

void compare(const moelora_router &a, const moelora_router &b) {
  Comparison stage("router.");
  stage.field("experts", a.experts, b.experts)
      .field("top_k", a.top_k, b.top_k)
      .field("logit_scale", a.logit_scale, b.logit_scale)
      .field("softcap", a.softcap, b.softcap)
      .field("score", a.score, b.score)
      .field("bias_on", a.bias_on, b.bias_on)
      .field("groups", a.groups, b.groups)
      .field("by_table", a.by_table, b.by_table)
      .field("post", a.post, b.post)
      .field("renormalize", a.renormalize, b.renormalize)
      .field("scale", a.scale, b.scale);
  if (a.groups > 1)
    compareGroups(a, b);
  if (a.renormalize == MOELORA_RENORMALIZE_SUM ||
      a.renormalize == MOELORA_RENORMALIZE_CLAMP)
    stage.field("epsilon", a.epsilon, b.epsilon);
  if (a.renormalize == MOELORA_RENORMALIZE_PNORM)
    stage.field("norm_p", a.norm_p, b.norm_p);
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
    stage.field("alpha", a.alpha, b.alpha);
  if (a.gated)
    stage.field("up_offset", a.up_offset, b.up_offset);
}

void compare(const moelora_layer &a, const moelora_layer &b) {
  Comparison()
      .field("dtype", a.dtype, b.dtype)
      .field("hidden", a.hidden, b.hidden)
      .field("intermediate", a.intermediate, b.intermediate)
      .field("shared", a.shared, b.shared)
      .field("routed_scale", a.routed_scale, b.routed_scale);
  compare(a.router, b.router);
  compare("activation.", a.activation, b.activation);
  if (!a.shared)
    return;
  Comparison().field("shared_score", a.shared_score, b.shared_score);
  compare("shared_activation.", a.shared_activation, b.shared_activation);
}

} // namespace

moelora_status moelora_artifact_match(const moelora_artifact *artifact,
                                      const moelora_layer *layer,
                                      moelora_error **error) {
  return guarded(error, [&] { compare(artifact->layer, *layer); });
}
