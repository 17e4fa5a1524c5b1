// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Describes a layer as text.

#include "TestFacts.h"

#include <sstream>

namespace moelora::models {

namespace {

class Facts {
public:
  std::string of(const Model &model) {
    const moelora_layer &layer = model.layer(model.firstMoeLayer());
    sizes(layer, model.moeLayers());
    router(layer.router);
    around(layer);
    activations(layer);
    return text.str().substr(1);
  }

private:
  std::ostringstream text;

  template <typename... T> void say(bool differs, T... parts) {
    if (differs)
      ((text << " "), ..., (text << parts));
  }

  /// "1-3", or "1,3" where numbers are left out.
  static std::string spanned(const std::vector<int> &numbers) {
    std::ostringstream list;
    int first = numbers.front(), last = numbers.back();
    if (last - first + 1 == int(numbers.size()))
      list << first << (last > first ? "-" + std::to_string(last) : "");
    else
      for (int number : numbers)
        list << (number == first ? "" : ",") << number;
    return list.str();
  }

  void sizes(const moelora_layer &layer, const std::vector<int> &layers) {
    const moelora_router &r = layer.router;
    say(layer.hidden != 16, "H", layer.hidden);
    say(true, "I", layer.intermediate);
    say(layer.shared > 0, "S", layer.shared);
    say(layer.shared_score, "scored");
    say(r.experts != 8 || r.top_k != 2, "E", r.experts, "/", r.top_k);
    say(true, "L", spanned(layers));
  }

  void router(const moelora_router &r) {
    const char *scores[] = {"", "softmax", "sigmoid", "sqrtsoftplus",
                            "identity"};
    const char *posts[] = {"", "post-softmax", "post-sigmoid"};
    const char *biases[] = {"", "bias", "logit-bias"};
    say(true, scores[r.score]);
    say(r.post, posts[r.post]);
    say(r.bias_on, biases[r.bias_on]);
    say(r.groups > 1, "groups", r.groups, "/", r.top_groups,
        r.group_score == MOELORA_GROUP_MAX ? "-max" : "-top2",
        r.group_fill_zero ? "-zero" : "");
    renormalization(r);
    say(r.scale != 1, "x", r.scale);
    say(r.logit_scale != 1, "logits-x", r.logit_scale);
    say(r.softcap != 0, "cap", r.softcap);
    say(r.table_rows > 0, "table", r.table_rows);
    say(r.always > 0, "always", r.always);
    say(r.logit_type || r.score_type || r.weight_type, "rounded");
    say(r.expert_scale, "expert-scale");
  }

  void renormalization(const moelora_router &r) {
    if (r.renormalize == MOELORA_RENORMALIZE_SUM && r.epsilon == 0)
      say(true, "sum");
    else if (r.renormalize == MOELORA_RENORMALIZE_SUM)
      say(true, "sum+", r.epsilon);
    else if (r.renormalize == MOELORA_RENORMALIZE_CLAMP)
      say(true, "clamp", r.epsilon);
    else if (r.renormalize == MOELORA_RENORMALIZE_PNORM)
      say(true, "pnorm", r.norm_p);
  }

  void around(const moelora_layer &layer) {
    const moelora_norm &rn = layer.router_norm, &on = layer.output_norm;
    say(layer.routed_scale != 1, "out-x", layer.routed_scale);
    say(layer.shared_scale != 1, "shared-x", layer.shared_scale);
    say(layer.zero_experts > 0, "zero", layer.zero_experts);
    say(layer.weight_on_input, "on-input");
    say(layer.router_input, "router-input");
    say(rn.present, "router-norm", rn.epsilon, "x", rn.scale);
    say(on.present, "output-norm", on.epsilon);
    say(layer.router_dtype != layer.dtype, "router-f32");
    biases(layer.biases);
  }

  void biases(uint32_t set) {
    const std::pair<uint32_t, const char *> groups[] = {
        {MOELORA_HAS_ROUTER_BIAS | MOELORA_HAS_GATE_UP_BIAS |
             MOELORA_HAS_DOWN_BIAS,
         "expert-biases"},
        {MOELORA_HAS_SHARED_GATE_UP_BIAS | MOELORA_HAS_SHARED_DOWN_BIAS,
         "shared-biases"},
        {MOELORA_HAS_LATENT_IN_BIAS | MOELORA_HAS_LATENT_OUT_BIAS,
         "latent-biases"},
    };
    for (auto [group, name] : groups) {
      say((set & group) == group, name);
      set = (set & group) == group ? set & ~group : set;
    }
    say(set, "biases", set);
  }

  void activations(const moelora_layer &layer) {
    const moelora_activation &a = layer.activation;
    const char *functions[] = {"", "", "gelu-tanh", "gelu", "relu2"};
    say(a.function != MOELORA_SILU, functions[a.function]);
    say(!a.gated, "plain");
    say(layer.latent > 0, "latent", layer.latent);
    say(a.alpha != 1, "alpha", a.alpha);
    say(a.up_offset != 0, "up+", a.up_offset);
    say(a.gate_cap != 0, "caps", a.gate_cap, ",", a.up_cap);
    clamp("", a);
    if (layer.shared > 0)
      clamp("shared-", layer.shared_activation);
  }

  void clamp(const char *which, const moelora_activation &a) {
    const char *clamps[] = {"", "pre", "post"};
    say(a.clamp, which, clamps[a.clamp], a.gate_max,
        a.gate_max == a.up_limit ? "" : "!");
  }
};

} // namespace

std::string factsOf(const Model &model) { return Facts().of(model); }

} // namespace moelora::models
