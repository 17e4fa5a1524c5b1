// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The routers of transformers, as recorded by router_classes/record.py: from a
// config.json alone the family table, the reference and the route service must
// come to the ids and weights that each class gives.

#include "../execute/Routing.h"
#include "moelora/models/Weights.h"
#include "moelora/reference/Layer.h"

#include <algorithm>
#include <fstream>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace moelora;
using nlohmann::json;
using reference::Problem;

namespace {

constexpr double margin = 1e-6; // of weights, which are f32 in the record

using Choice = std::vector<std::pair<int64_t, double>>; // id and weight, by id

/// One class: its problem over its own data. Operands that routing does not
/// read are zeros.
class RecordedClass {
public:
  explicit RecordedClass(const json &entry) : entry(entry) {
    ints = {{"token_ids", {}}, {"token_table", {}}};
    auto model = models::parseModel(entry["config"].dump(), "config");
    if (!model) {
      error = model.message();
      return;
    }
    chooseLayer(*model);
    problem.tokens = int64_t(entry["hidden"].size()) / problem.layer.hidden;
    addFloats();
    addInts();
    if (error.empty())
      error = reference::problemError(problem);
  }

  const json &entry;
  std::string error;
  Problem problem;
  std::map<std::string, std::vector<float>> floats;
  std::map<std::string, std::vector<int32_t>> ints;

  Choice recorded(int64_t token) const;
  /// With what the routed sum is multiplied by.
  Choice choice(const std::vector<int32_t> &ids,
                const std::vector<double> &weights) const;

private:
  std::vector<models::Operand> weights; // of the layer

  int64_t elementsOf(moelora_role role) const;
  void chooseLayer(const models::Model &model);
  void addFloats();
  void addInts();
};

/// Some layers of a model may choose by a table, and others not.
void RecordedClass::chooseLayer(const models::Model &model) {
  for (int layer : model.moeLayers())
    if (bool(model.layer(layer).router.table_rows) ==
        entry.contains("token_table")) {
      problem.layer = model.layer(layer);
      weights = models::weightOperands(model, layer);
      return;
    }
  error = "no such layer";
}

/// All other tensors are hidden states.
int64_t RecordedClass::elementsOf(moelora_role role) const {
  for (const models::Operand &weight : weights)
    if (weight.role == role)
      return weight.elements();
  return problem.tokens * problem.layer.hidden;
}

void RecordedClass::addFloats() {
  const std::map<moelora_role, const char *> recordedRoles = {
      {MOELORA_HIDDEN, "hidden"},
      {MOELORA_ROUTER_HIDDEN, "hidden"},
      {MOELORA_ROUTER_WEIGHT, "router_weight"},
      {MOELORA_ROUTER_BIAS, "router_bias"},
      {MOELORA_SELECTION_BIAS, "selection_bias"},
      {MOELORA_EXPERT_SCALE, "expert_scale"},
      {MOELORA_ROUTER_NORM_WEIGHT, "router_norm_weight"}};
  uint32_t operands =
      reference::operandsOf(problem.layer, reference::Entry::Everything);
  for (int role = 0; role < MOELORA_ROLES; ++role) {
    auto found = recordedRoles.find(moelora_role(role));
    bool recorded = found != recordedRoles.end();
    std::string name = recorded ? found->second : std::to_string(role);
    auto count = size_t(elementsOf(moelora_role(role)));
    std::vector<float> &values = floats[name];
    if (!(operands >> role & 1))
      continue;
    // Two roles may be one record: what the first points to stays.
    if (recorded && entry.contains(name) && values.empty())
      values = entry[name].get<std::vector<float>>();
    else if (!recorded)
      values.assign(count, 0);
    if (values.size() != count)
      error = "the class has " + std::to_string(values.size()) + " numbers " +
              name + ", and the layer reads " + std::to_string(count);
    problem.operand[role] = {MOELORA_F32, values.data()};
  }
}

void RecordedClass::addInts() {
  for (const char *name : {"token_ids", "token_table"})
    if (entry.contains(name))
      ints[name] = entry[name].get<std::vector<int32_t>>();
  problem.tokenIds = ints["token_ids"].data();
  problem.tokenTable = ints["token_table"].data();
}

Choice RecordedClass::choice(const std::vector<int32_t> &ids,
                             const std::vector<double> &weights) const {
  Choice result;
  for (size_t j = 0; j < ids.size(); ++j)
    result.emplace_back(ids[j], weights[j] * problem.layer.routed_scale);
  std::sort(result.begin(), result.end());
  return result;
}

Choice RecordedClass::recorded(int64_t token) const {
  Choice result;
  size_t k = size_t(problem.layer.router.top_k);
  for (size_t j = size_t(token) * k; j < size_t(token + 1) * k; ++j)
    result.emplace_back(entry["ids"].at(j), entry["weights"].at(j));
  std::sort(result.begin(), result.end());
  return result;
}

void expectEqual(const Choice &found, const Choice &wanted) {
  ASSERT_EQ(found.size(), wanted.size());
  for (size_t j = 0; j < found.size(); ++j) {
    EXPECT_EQ(found[j].first, wanted[j].first);
    EXPECT_NEAR(found[j].second, wanted[j].second,
                margin * (1 + std::abs(wanted[j].second)));
  }
}

/// Routes from exact logits in f32.
test::Routed routedByService(const RecordedClass &recorded) {
  const Problem &problem = recorded.problem;
  auto floatsOf = [&](const char *name) {
    auto found = recorded.floats.find(name);
    return found == recorded.floats.end() ? std::vector<float>()
                                          : found->second;
  };
  test::RouteData data;
  for (int64_t t = 0; t < problem.tokens; ++t)
    for (double logit : reference::logitsOfToken(problem, t))
      data.logits.push_back(float(logit));
  data.bias = floatsOf("selection_bias");
  data.expertScale = floatsOf("expert_scale");
  data.tokenIds = recorded.ints.at("token_ids");
  data.table = recorded.ints.at("token_table");
  return test::route(problem.layer.router, data);
}

json readClasses() {
  std::ifstream file(ROUTER_CLASSES);
  return json::parse(file);
}

TEST(RouterClasses, AreWhatTheFamilyTableMakesOfTheirConfigs) {
  json classes = readClasses();
  EXPECT_GE(classes.size(), 42u);
  for (const json &entry : classes) {
    SCOPED_TRACE(entry["class"].get<std::string>());
    RecordedClass recorded(entry);
    ASSERT_EQ(recorded.error, "");
    reference::Output output = reference::evaluate(recorded.problem, true);
    test::Routed service = routedByService(recorded);
    int64_t compared = 0;
    for (int64_t t = 0; t < recorded.problem.tokens; ++t) {
      if (!output.decided[size_t(t)])
        continue;
      ++compared;
      const reference::Routed &routed = output.routed[size_t(t)];
      auto first = t * recorded.problem.layer.router.top_k;
      auto end = first + recorded.problem.layer.router.top_k;
      expectEqual(recorded.choice(routed.ids, routed.weights),
                  recorded.recorded(t));
      expectEqual(
          recorded.choice(
              {service.ids.begin() + first, service.ids.begin() + end},
              {service.weights.begin() + first, service.weights.begin() + end}),
          recorded.recorded(t));
    }
    EXPECT_GE(10 * compared, 9 * recorded.problem.tokens);
  }
}

} // namespace
