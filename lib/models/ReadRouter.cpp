// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the stages of a router from its family's form and the config.

#include "ReadRouter.h"

#include <algorithm>

namespace moelora::models {

namespace {

// No published model has more than a few thousand.
constexpr int64_t maxExperts = 1 << 16;
// The largest number of rows of a table by token ids, far above all
// vocabularies.
constexpr int64_t maxTokens = 1 << 24;
constexpr double maxFactor = 1e6;
constexpr double maxEpsilon = 1;
constexpr double leastNorm = 1e-3;
constexpr double maxNorm = 1e3;

/// Keys that name the score. No family reads them, but some configs contain
/// them.
constexpr Keys scoreKeys = {
    "scoring_func",          "score_func",
    "score_function",        "moe_router_activation_func",
    "moe_router_activation", "expert_selection_fn"};

/// Their possible values. "noaux_tc" is a sigmoid with a bias.
const char *scoreWords(const moelora_router &router) {
  switch (router.score) {
  case MOELORA_SCORE_SOFTMAX:
    return R"(["softmax"])";
  case MOELORA_SCORE_SIGMOID:
    return router.bias_on ? R"(["sigmoid", "noaux_tc"])" : R"(["sigmoid"])";
  case MOELORA_SCORE_SQRTSOFTPLUS:
    return R"(["sqrtsoftplus"])";
  default:
    return router.post == MOELORA_POST_SIGMOID ? R"(["sigmoid"])"
                                               : R"(["softmax"])";
  }
}

class RouterReader {
public:
  RouterReader(Config &config, const Family &family)
      : config(config), family(family) {}

  void read(moelora_layer &layer, LayerKind kind);

private:
  Config &config;
  const Family &family;

  const Route &chooseRoute();
  void readExperts(moelora_layer &layer);
  void readGroups(const Route &route, moelora_router &router);
  void checkGroups(int64_t groups, int64_t top, const moelora_router &router);
  void readWeights(const Route &route, moelora_router &router);
  void readTable(moelora_router &router);
};

const Route &RouterReader::chooseRoute() {
  const Route *routes = family.routes;
  if (family.routeKey.empty())
    return routes[0];
  std::string word = config.word(family.routeKey);
  std::string words;
  for (const Route &route : family.routes) {
    if (!route.word)
      break;
    if (word.empty() || word == route.word)
      return route;
    words += std::string(words.empty() ? "" : " or ") + route.word;
  }
  config.fail(std::string("expects ") + family.routeKey.front() + " to be " +
              words + ", but it is " + show(word) + byHand);
  return routes[0];
}

void RouterReader::readExperts(moelora_layer &layer) {
  moelora_router &router = layer.router;
  const nlohmann::json *stated = config.find(family.experts);
  if (stated && *stated == 0)
    config.fail(std::string("expects at least one layer with experts, but ") +
                config.spelling(family.experts) + " is 0");
  int64_t experts = config.size(family.experts, maxExperts);
  int64_t topK = config.size(family.topK, maxExperts);
  int64_t zero = config.count(family.zeroExperts, maxExperts);
  int64_t always = config.count(family.always, maxExperts);
  if (topK > experts + zero)
    config.fail(std::string("expects ") + config.spelling(family.topK) +
                " to be at most " + config.spelling(family.experts) +
                ", but it is " + std::to_string(topK) + " of " +
                std::to_string(experts + zero));
  router.experts = static_cast<int32_t>(experts + zero + always);
  router.top_k = static_cast<int32_t>(topK + always);
  router.always = static_cast<int32_t>(always);
  layer.zero_experts = static_cast<int32_t>(zero);
  layer.zero_kind = zero > 0 ? MOELORA_ZERO_IDENTITY : 0;
}

void RouterReader::checkGroups(int64_t groups, int64_t top,
                               const moelora_router &router) {
  const char *name = config.spelling(family.groups.keys);
  if (groups < 1 || router.experts % groups != 0) {
    config.fail(std::string("expects ") + name + " to divide " +
                config.spelling(family.experts) + ", but it is " +
                std::to_string(groups) + " of " +
                std::to_string(router.experts));
    return;
  }
  int64_t size = router.experts / groups;
  if (top < 1 || top > groups || top * size < router.top_k)
    config.fail(std::string("expects ") +
                config.spelling(family.topGroups.keys) + " to keep enough of " +
                std::to_string(groups) + " groups for " +
                std::to_string(router.top_k) + " experts, but it is " +
                std::to_string(top));
  if (router.group_score == MOELORA_GROUP_TOP2_SUM && size < 2)
    config.fail(std::string("expects ") + name +
                " to leave two experts in a group, but it is " +
                std::to_string(groups) + " of " +
                std::to_string(router.experts));
}

/// Keeping all groups is the same as no groups.
void RouterReader::readGroups(const Route &route, moelora_router &router) {
  int64_t groups = 1, top = 1;
  if (route.grouped) {
    groups = config.count(family.groups, maxExperts);
    top = config.count(family.topGroups, maxExperts);
    if (groups != 1 || top != 1)
      checkGroups(groups, top, router);
  }
  bool all = groups == top;
  router.groups = all ? 1 : static_cast<int32_t>(groups);
  router.top_groups = all ? 1 : static_cast<int32_t>(top);
  if (!all)
    return;
  router.group_score = MOELORA_GROUP_MAX;
  router.group_fill_zero = 0;
}

void RouterReader::readWeights(const Route &route, moelora_router &router) {
  auto number = [&](const Number &n, double least, double most) {
    return static_cast<float>(config.number(n, least, most));
  };
  if (!family.epsilon.keys.empty())
    router.epsilon = number(family.epsilon, 0, maxEpsilon);
  bool renormalize = config.flag(route.renormalize) &&
                     !(route.keepsSingle && router.top_k == 1);
  if (!family.normP.keys.empty()) {
    router.norm_p = number(family.normP, leastNorm, maxNorm);
    router.renormalize = MOELORA_RENORMALIZE_PNORM;
    renormalize = router.norm_p > 0;
  }
  if (!renormalize) {
    router.renormalize = MOELORA_RENORMALIZE_NONE;
    router.epsilon = 0;
    router.norm_p = 1;
  }
  router.scale = number(family.scale, -maxFactor, maxFactor);
  router.softcap = number(family.softcap, 0, maxFactor);
  router.expert_scale = family.expertScale;
  if (!config.flag(family.selectionBias))
    router.bias_on = MOELORA_BIAS_NONE;
}

/// With a table no choice is made, so there is no selection bias.
void RouterReader::readTable(moelora_router &router) {
  router.table_rows =
      static_cast<int32_t>(config.size({"vocab_size"}, maxTokens));
  router.bias_on = MOELORA_BIAS_NONE;
}

void RouterReader::read(moelora_layer &layer, LayerKind kind) {
  const Route &route = chooseRoute();
  moelora_router &router = layer.router;
  router = route.router;
  readExperts(layer);
  readGroups(route, router);
  readWeights(route, router);
  if (kind == LayerKind::Hash)
    readTable(router);
  layer.router_input = family.routerInput;
  for (const char *key : scoreKeys)
    config.demand({key, scoreWords(router)});
}

} // namespace

void readRouter(Config &config, const Family &family, LayerKind kind,
                moelora_layer &layer) {
  RouterReader(config, family).read(layer, kind);
}

} // namespace moelora::models
