// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Describes the family table as text. The text is generated from the fields of
// a row, so that a new row needs no text.

#include "FamilyTables.h"

#include "moelora/models/Families.h"

#include <algorithm>

namespace moelora::models {

namespace {

/// "a, b, c" without empty elements.
std::string listed(const std::vector<std::string> &parts) {
  std::string text;
  for (const std::string &part : parts)
    text += (text.empty() || part.empty() ? "" : ", ") + part;
  return text;
}

std::string quoted(const char *word) { return "`" + std::string(word) + "`"; }

/// The first quotation in a text.
std::string bare(const std::string &text) {
  return text.substr(1, text.find('`', 1) - 1);
}

std::string when(bool holds, const char *text) { return holds ? text : ""; }

std::string scoreOf(const moelora_router &router) {
  switch (router.score) {
  case MOELORA_SCORE_SOFTMAX:
    return router.bias_on ? "biased softmax" : "softmax";
  case MOELORA_SCORE_SIGMOID:
    if (router.bias_on == MOELORA_BIAS_ON_LOGIT)
      return "sigmoid, the bias is added to the logits";
    return router.bias_on ? "biased sigmoid" : "sigmoid";
  case MOELORA_SCORE_SQRTSOFTPLUS:
    return "biased square root of softplus";
  default:
    return router.post == MOELORA_POST_SIGMOID ? "top-k sigmoid"
                                               : "top-k softmax";
  }
}

std::string groupsOf(const Route &route) {
  if (!route.grouped)
    return "";
  return route.router.group_score == MOELORA_GROUP_MAX
             ? "groups by their best"
             : "groups by their two best";
}

std::string renormalized(const Family &family, const Route &route) {
  if (!family.normP.keys.empty())
    return "divided by a p-norm";
  if (!route.renormalize.keys.empty())
    return "renormalised by " + quoted(route.renormalize.keys.front());
  return when(route.renormalize.absent, "renormalised");
}

std::string singleOf(const Route &route) {
  return when(route.keepsSingle, " unless a single expert is chosen");
}

/// The router's forms; a key chooses where there are more than one.
std::string routerOf(const Family &family) {
  std::vector<std::string> forms;
  for (const Route &route : family.routes)
    if (route.word) {
      std::string form =
          listed({scoreOf(route.router), groupsOf(route),
                  renormalized(family, route) + singleOf(route)});
      bool named = *route.word && family.routes[1].word;
      forms.push_back(named ? quoted(route.word) + ": " + form : form);
    }
  std::string text;
  for (const std::string &form : forms)
    text += (text.empty() ? "" : "; ") + form;
  return text;
}

std::string sharedOf(const Family &family) {
  const Shared &shared = family.shared;
  if (!family.always.keys.empty())
    return quoted(family.always.keys.front()) + ", weighed by the router";
  if (shared.number.keys.empty() && shared.number.absent == 0)
    return "-";
  std::string size = "one";
  if (!shared.number.keys.empty())
    size = quoted(shared.number.keys.front());
  else if (!shared.width.keys.empty())
    size = quoted(shared.width.keys.front());
  return listed({size, when(shared.scored, "gated by a sigmoid")});
}

std::string functionOf(const moelora_activation &activation) {
  if (activation.up_offset != 0)
    return "`swiglu_oai`";
  switch (activation.function) {
  case MOELORA_GELU_TANH:
    return "gelu-tanh";
  case MOELORA_RELU2:
    return "relu²";
  default:
    return "silu";
  }
}

std::string expertsOf(const Family &family) {
  const moelora_activation &activation = family.activation;
  bool limited = activation.clamp && activation.up_offset == 0;
  return listed({functionOf(activation), when(!activation.gated, "not gated"),
                 when(limited && family.limits.empty(), "with limits"),
                 when(!family.limits.empty(), "with limits by layer"),
                 when(family.shared.plain, "of routed experts alone"),
                 when(!family.gateCap.keys.empty(), "with soft caps"),
                 when(family.biases, "biases")});
}

std::string specialOf(const Family &family) {
  return listed(
      {when(family.routerType == MOELORA_F32, "router in f32"),
       when(family.perLayer, "sizes by layer"),
       when(!family.softcap.keys.empty(), "maybe a soft cap of the logits"),
       when(family.expertScale, "a learned scale"),
       when(family.routerInput,
            "the router reads a tensor of its own, normalised"),
       when(family.weightOnInput, "weights multiply the experts' input"),
       when(family.scaleOnOutput, "the sum is scaled, not the weights"),
       when(!family.latent.keys.empty(), "maybe in a latent space"),
       when(!family.zeroExperts.keys.empty(),
            "zero experts return what they read"),
       when(family.layerRule == LayerRule::HashFirst,
            "the first layers choose by a table of token ids"),
       when(!family.combination.empty(), "routed and shared may be averaged"),
       when(family.outputNorm, "the output is normalised")});
}

std::vector<std::string> namesOf(const Family &family) {
  std::vector<std::string> names = {quoted(family.modelType)};
  for (const Alias &alias : familyAliases())
    if (family.modelType == std::string(alias.row))
      names.push_back(
          quoted(alias.modelType) +
          (alias.onlyClass ? " of " + quoted(alias.onlyClass) : ""));
  return names;
}

struct Line {
  std::vector<std::string> names;
  std::string words;
};

void add(const Family &family, std::vector<Line> &lines) {
  std::string words;
  for (const std::string &cell : {routerOf(family), sharedOf(family),
                                  expertsOf(family), specialOf(family)})
    words += " |" + when(!cell.empty(), " ") + cell;
  words += " |\n";
  auto line = std::find_if(lines.begin(), lines.end(), [&](const Line &other) {
    return other.words == words;
  });
  if (line == lines.end())
    line = lines.insert(line, {{}, words});
  for (std::string &name : namesOf(family))
    line->names.push_back(std::move(name));
}

} // namespace

std::string describeFamilies() {
  std::vector<Line> lines;
  for (auto rows :
       {softmaxFamilies(), topKFamilies(), noAuxFamilies(), sigmoidFamilies()})
    for (const Family &family : rows)
      add(family, lines);
  std::string text =
      "| `model_type` | router | shared expert | experts | what is special |\n"
      "| --- | --- | --- | --- | --- |\n";
  for (Line &line : lines) {
    std::sort(line.names.begin(), line.names.end(),
              [](const std::string &a, const std::string &b) {
                return bare(a) < bare(b);
              });
    text += "| " + listed(line.names) + line.words;
  }
  return text;
}

std::string describeRefused() {
  std::string text = "| `model_type` | why it does not fit |\n| --- | --- |\n";
  for (const Refusal &refusal : familyRefusals())
    text += "| " + quoted(refusal.modelType) + " | " + refusal.why + " |\n";
  return text;
}

} // namespace moelora::models
