// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `check`: what an adapter binds to in a model, by projection and by layer.
#include "moelora/adapters/Pairs.h"
#include "moelora/adapters/Questions.h"
#include "moelora/models/AdapterTarget.h"

#include <algorithm>
#include <set>

using namespace moelora::host;

namespace moelora::adapters {

namespace {

/// The minimum and the maximum of some values.
template <typename T> struct Span {
  T low = std::numeric_limits<T>::max();
  T high = std::numeric_limits<T>::lowest();
  void add(T value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  Json json() const { return {low, high}; }
};

/// One projection in all layers.
struct Coverage {
  int32_t layers = 0, experts = 0; ///< experts: of the largest layer
  Span<int32_t> pairs, rank;
  Span<double> scale;

  Json json() const {
    return {{"layers", layers},
            {"pairs", pairs.json()},
            {"experts", experts},
            {"rank", rank.json()},
            {"scale", scale.json()}};
  }
};

/// Reads the properties of all pairs of the adapter once.
class Survey {
public:
  Survey(const moelora_adapter *adapter, const moelora_adapter_target &target)
      : adapter(adapter) {
    for (int32_t i = 0; i < target.sites; ++i)
      for (int p = 0; p < MOELORA_PROJECTIONS; ++p)
        visit(target.site[i], p);
  }

  Json byProjection() const {
    Json report = Json::object();
    for (int p = 0; p < MOELORA_PROJECTIONS; ++p)
      if (all[p].layers)
        report[projectionNames[p]] = all[p].json();
    return report;
  }
  Json storedTypes() const { return types; }

private:
  void visit(const moelora_adapter_site &site, int p) {
    int32_t pairs = 0, experts = expertsOf(site, p);
    for (int32_t e = 0; e < experts; ++e) {
      auto info = sized<moelora_pair_info>();
      if (moelora_adapter_pair(adapter, site.layer, p, e, &info) != MOELORA_OK)
        continue;
      ++pairs;
      all[p].rank.add(info.rank);
      all[p].scale.add(info.scale);
      types.insert(moelora_dtype_name(info.dtype));
    }
    all[p].experts = std::max(all[p].experts, experts);
    if (pairs == 0)
      return;
    ++all[p].layers;
    all[p].pairs.add(pairs);
  }

  const moelora_adapter *adapter;
  Coverage all[MOELORA_PROJECTIONS];
  std::set<std::string> types;
};

} // namespace

static Json layerReport(const moelora_adapter *adapter,
                        const moelora_adapter_site &site) {
  auto coverage = sized<moelora_adapter_coverage>();
  moelora_adapter_cover(adapter, site.layer, &coverage);
  Json report = {{"layer", site.layer}, {"experts", site.experts}};
  report["packed"] = coverage.packed != 0;
  report["pairs"] = Json::object();
  for (int p = 0; p < MOELORA_PROJECTIONS; ++p)
    if (coverage.pairs[p])
      report["pairs"][projectionNames[p]] = coverage.pairs[p];
  return report;
}

/// The layout of packed pairs and how it was determined; null if there are
/// none.
static void reportLayout(const moelora_adapter *adapter,
                         const moelora_adapter_target &target, Json &report) {
  report["layout"] = report["columns"] = report["why"] = nullptr;
  for (int32_t i = 0; i < target.sites; ++i) {
    auto coverage = sized<moelora_adapter_coverage>();
    moelora_adapter_cover(adapter, target.site[i].layer, &coverage);
    if (!coverage.packed)
      continue;
    bool natural = coverage.layout == MOELORA_LAYOUT_NATURAL;
    report["layout"] = natural ? "natural" : "transposed";
    report["columns"] = coverage.columns == MOELORA_COLUMNS_RANK_MAJOR
                            ? "rank_major"
                            : "grouped_by_expert";
    report["why"] = coverage.why;
    return;
  }
}

/// Checks with a slot table, which provides the message.
static void checkRank(const moelora_adapter *adapter,
                      const moelora_adapter_target &target, moelora_dtype dtype,
                      int32_t maxRank) {
  auto facts = sized<moelora_facts>();
  facts.dtype = dtype;
  facts.page_order = MOELORA_PAGE_ROW_MAJOR;
  facts.slots = 1;
  facts.max_rank = maxRank;
  TableHandle table = makeTable(target, facts);
  moelora_slot_cost cost = {};
  call(moelora_slot_table_estimate, table.get(), adapter, &cost);
}

Json checkBinding(const AdapterFolder &adapter, const models::Model &model,
                  int32_t maxRank) {
  models::AdapterTarget names(model);
  moelora_adapter_target target = names.get();
  AdapterHandle handle = openAdapter(adapter.folder, target, adapter.stated);
  const moelora_adapter *opened = handle.get();
  if (maxRank)
    checkRank(opened, target, model.dtype(), maxRank);
  auto summary = sized<moelora_adapter_summary>();
  moelora_adapter_summarize(opened, &summary);
  Survey survey(opened, target);
  Json report = {{"tensors", summary.tensors},
                 {"bound", summary.bound},
                 {"max_rank", summary.max_rank},
                 {"stored_as", survey.storedTypes()},
                 {"served_as", moelora_dtype_name(model.dtype())}};
  report["effect"] = hasEffect(opened);
  reportLayout(opened, target, report);
  report["moe_layers"] = target.sites;
  report["projections"] = survey.byProjection();
  report["layers"] = report["elsewhere"] = Json::array();
  for (int32_t i = 0; i < target.sites; ++i)
    report["layers"].push_back(layerReport(opened, target.site[i]));
  for (int64_t i = 0; i < summary.elsewhere; ++i)
    report["elsewhere"].push_back(moelora_adapter_elsewhere(opened, i));
  return report;
}

} // namespace moelora::adapters
