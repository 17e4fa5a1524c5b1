/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * `check`: what an adapter binds to in a model, layer by layer.
 */
#include "Report.h"

#include "moelora/models/AdapterTarget.h"
#include "moelora/runtime/Checkpoint.h"

#include <cstdio>
#include <set>

namespace moelora::tool {

constexpr const char *projections[MOELORA_PROJECTIONS] = {
    "gate",        "up",        "down",        "router",
    "shared_gate", "shared_up", "shared_down", "shared_score"};

static Json layerReport(const moelora_adapter *adapter,
                        const moelora_adapter_site &site) {
  moelora_adapter_coverage coverage;
  moelora_adapter_cover(adapter, site.layer, &coverage);
  Json report = {{"layer", site.layer}, {"experts", site.experts}};
  for (int p = 0; p < MOELORA_PROJECTIONS; ++p)
    if (coverage.pairs[p])
      report["pairs"][projections[p]] = coverage.pairs[p];
  if (!coverage.packed)
    return report;
  report["layout"] =
      coverage.layout == MOELORA_LAYOUT_NATURAL ? "natural" : "transposed";
  report["why"] = coverage.why;
  return report;
}

/// The element types in which the file's pairs are stored.
static Json storedTypes(const moelora_adapter *adapter,
                        const moelora_adapter_target &target) {
  std::set<std::string> types;
  for (int32_t i = 0; i < target.sites; ++i)
    for (int p = 0; p < MOELORA_PROJECTIONS; ++p)
      for (int32_t e = 0; e < (p <= MOELORA_DOWN ? target.site[i].experts : 1);
           ++e) {
        moelora_pair_info info;
        if (moelora_adapter_pair(adapter, target.site[i].layer, p, e, &info) ==
            MOELORA_OK)
          types.insert(moelora_file_dtype_name(info.dtype));
      }
  return types;
}

Json checkBinding(const std::string &folder, const std::string &model,
                  moelora_adapter_layout layout) {
  auto loaded = models::loadModel(model);
  if (!loaded)
    throw Refusal{loaded.message()};
  models::AdapterTarget names(*loaded);
  moelora_adapter_target target = names.get();
  moelora_adapter *opened = nullptr;
  moelora_error *error = nullptr;
  check(moelora_adapter_open(folder.c_str(), &target, layout, &opened, &error),
        error);
  Owned<moelora_adapter> adapter(opened, moelora_adapter_close);
  moelora_adapter_summary summary;
  moelora_adapter_summarize(opened, &summary);
  Json report = {{"adapter", folder},
                 {"model", model},
                 {"tensors", summary.tensors},
                 {"bound", summary.bound},
                 {"max_rank", summary.max_rank},
                 {"stored_as", storedTypes(opened, target)},
                 {"served_as", moelora_file_dtype_name(loaded->dtype())},
                 {"layers", Json::array()},
                 {"elsewhere", Json::array()}};
  for (int32_t i = 0; i < target.sites; ++i)
    report["layers"].push_back(layerReport(opened, target.site[i]));
  for (int64_t i = 0; i < summary.elsewhere; ++i)
    report["elsewhere"].push_back(moelora_adapter_elsewhere(opened, i));
  return report;
}

static void printLayer(const Json &layer) {
  std::printf("layer %-3d", layer["layer"].get<int>());
  if (!layer.contains("pairs")) {
    std::printf(" nothing\n");
    return;
  }
  for (const auto &[name, count] : layer["pairs"].items()) {
    bool routed = name == "gate" || name == "up" || name == "down";
    std::printf(" %s %d/%d", name.c_str(), count.get<int>(),
                routed ? layer["experts"].get<int>() : 1);
  }
  if (layer.contains("layout"))
    std::printf("; packed, %s: %s", layer["layout"].get<std::string>().c_str(),
                layer["why"].get<std::string>().c_str());
  std::printf("\n");
}

void printBinding(const Json &report) {
  std::printf("tensors   %ld: %ld bound, %zu of other parts of the model\n",
              static_cast<long>(report["tensors"]),
              static_cast<long>(report["bound"]), report["elsewhere"].size());
  std::printf("max rank  %d\n", report["max_rank"].get<int>());
  std::string served = report["served_as"];
  for (const Json &stored : report["stored_as"])
    std::printf("dtype     %s, served as %s%s\n",
                stored.get<std::string>().c_str(), served.c_str(),
                stored == served ? "" : ": rounded once");
  for (const Json &layer : report["layers"])
    printLayer(layer);
  for (const Json &name : report["elsewhere"])
    std::printf("elsewhere %s\n", name.get<std::string>().c_str());
}

} // namespace moelora::tool
