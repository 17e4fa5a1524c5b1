// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ranks, alphas and targets.
#include "Config.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>

using moelora::host::Error;

namespace moelora::adapters {

Json readConfig(const std::string &folder) {
  std::string path = folder + "/adapter_config.json";
  std::ifstream file(path);
  Json config = Json::parse(file, nullptr, false);
  if (!config.is_object())
    throw Error{"cannot read " + path};
  return config;
}

Json plainConfig(int32_t rank, int32_t alpha) {
  return {{"peft_type", "LORA"},   {"r", rank},      {"lora_alpha", alpha},
          {"lora_dropout", 0.0},   {"bias", "none"}, {"use_rslora", false},
          {"inference_mode", true}};
}

// ---- Patterns

/// The pattern that matches exactly this path, or this path with any numbers.
static std::string patternOf(const std::string &path, bool anyNumbers) {
  std::string pattern, words = path + ".";
  for (size_t begin = 0, end; begin < words.size(); begin = end + 1) {
    end = words.find('.', begin);
    std::string word = words.substr(begin, end - begin);
    bool number = word.find_first_not_of("0123456789") == std::string::npos;
    pattern += pattern.empty() ? "" : "\\.";
    pattern += number && anyNumbers ? "[0-9]+" : word;
  }
  return pattern;
}

static std::string layerOf(const Module &module) {
  const char *container = module.site->names->container;
  return std::string(container ? container : "layers") + "." +
         std::to_string(module.site->layer) + ".";
}

/// The alpha that gives the scale with this rank.
static double alphaOf(const Module &module, bool rankStabilized) {
  double rank = module.rank;
  double divisor = rankStabilized ? std::sqrt(rank) : rank;
  double product = module.scale * divisor;
  // The product is rounded, so the intended alpha may be a neighbouring value.
  for (double alpha : {std::nearbyint(product), std::nextafter(product, 0),
                       std::nextafter(product, 2 * product)})
    if (alpha / divisor == module.scale)
      return alpha;
  return product;
}

/// Whole numbers are written as integers, as libraries expect.
static Json numberOf(double value) {
  constexpr double exact = 1 << 30;
  if (value == std::floor(value) && std::fabs(value) < exact)
    return static_cast<int64_t>(value);
  return value;
}

namespace {

/// rank_pattern or alpha_pattern: one pattern for all modules of a kind, if
/// they agree, or one for those of a layer, or one for each module.
class PatternTable {
public:
  using Value = std::function<Json(const Module &)>;
  PatternTable(const std::vector<Module> &modules, Value value)
      : value(std::move(value)) {
    std::map<std::string, Group> kinds;
    for (const Module &module : modules)
      kinds[patternOf(module.path, true)].push_back(&module);
    for (const auto &[pattern, group] : kinds)
      if (!add(pattern, group))
        addLayers(pattern, group);
  }

  Json patterns = Json::object();

private:
  using Group = std::vector<const Module *>;

  bool add(const std::string &pattern, const Group &group) {
    Json first = value(*group[0]);
    for (const Module *module : group)
      if (value(*module) != first)
        return false;
    patterns[pattern] = first;
    return true;
  }

  void addLayers(const std::string &pattern, const Group &group) {
    std::map<std::string, Group> layers;
    for (const Module *module : group)
      layers[layerOf(*module)].push_back(module);
    for (const auto &[layer, members] : layers)
      if (!add(patternOf(layer, false) + pattern, members))
        for (const Module *module : members)
          add(patternOf(layer + module->path, false), {module});
  }

  Value value;
};

} // namespace

/// New patterns come first, because the first match is used. Old patterns are
/// kept for the modules that are not new. If there are no old patterns, new
/// ones that equal the default are omitted.
static void mergePatterns(Json &config, const char *key, const Json &patterns,
                          const Json &standard, bool others) {
  Json old = config.value(key, Json()), merged = Json::object();
  bool needed = others && old.is_object() && !old.empty();
  for (const auto &[pattern, value] : patterns.items())
    if (needed || value != standard)
      merged[pattern] = value;
  if (needed)
    for (const auto &[pattern, value] : old.items())
      if (!merged.contains(pattern))
        merged[pattern] = value;
  config[key] = merged;
}

// ---- Targets

static bool isAny(const std::string &word, const char *const *names) {
  for (; names && *names; ++names)
    if (word == *names)
      return true;
  return false;
}

/// Whether a target names a parameter of the experts.
static bool isOfExperts(const std::string &target,
                        const moelora_adapter_names &names) {
  std::string path = target;
  constexpr std::string_view weight = ".weight";
  if (path.size() > weight.size() &&
      path.compare(path.size() - weight.size(), weight.size(), weight) == 0)
    path.resize(path.size() - weight.size());
  size_t dot = path.rfind('.');
  std::string leaf = path.substr(dot + 1);
  std::string parent = dot == std::string::npos ? "" : path.substr(0, dot);
  return (isAny(leaf, names.packed_gate_up) ||
          isAny(leaf, names.packed_down)) &&
         !isAny(parent.substr(parent.rfind('.') + 1), names.shared);
}

/// Parameters are named by their last components if all MoE layers have them.
static void setParameters(NewAdapter &adapter,
                          const moelora_adapter_target &target) {
  Json targets = Json::array();
  Json old = adapter.config.value("target_parameters", Json());
  if (old.is_array())
    for (const Json &entry : old)
      if (!isOfExperts(entry, *target.site[0].names))
        targets.push_back(entry);
  std::map<std::string, std::vector<std::string>> layers;
  for (const Module &module : adapter.modules)
    if (module.packed)
      layers[module.path].push_back(layerOf(module));
  for (const auto &[path, of] : layers) {
    bool all = of.size() == static_cast<size_t>(target.sites);
    for (const std::string &layer : all ? std::vector<std::string>{""} : of)
      targets.push_back(layer + path);
  }
  adapter.config["target_parameters"] = targets.empty() ? Json() : targets;
}

static Json modulesList(const Json &old, const std::set<std::string> &leaves,
                        const std::set<std::string> &copied) {
  Json list = Json::array();
  if (old.is_array())
    for (const Json &entry : old)
      if (entry.is_string() && copied.count(entry) && !leaves.count(entry))
        list.push_back(entry);
  for (const std::string &leaf : leaves)
    list.push_back(leaf);
  return list;
}

static void setModules(NewAdapter &adapter,
                       const std::set<std::string> &copied) {
  std::set<std::string> leaves;
  std::string any;
  for (const Module &module : adapter.modules) {
    std::string leaf = module.path.substr(module.path.rfind('.') + 1);
    if (!module.packed && leaves.insert(leaf).second)
      any += "|.*\\." + patternOf(module.path, true);
  }
  Json &targets = adapter.config["target_modules"];
  if (!targets.is_string())
    targets = modulesList(targets, leaves, copied);
  else if (targets != "all-linear")
    targets = "(" + targets.get<std::string>() + ")" + any;
}

void describeModules(NewAdapter &adapter, const moelora_adapter_target &target,
                     const std::set<std::string> &copied) {
  Json &config = adapter.config;
  bool rankStabilized = config.value("use_rslora", Json()) == true;
  PatternTable ranks(adapter.modules,
                     [](const Module &module) { return Json(module.rank); });
  PatternTable alphas(adapter.modules, [&](const Module &module) {
    return numberOf(alphaOf(module, rankStabilized));
  });
  mergePatterns(config, "rank_pattern", ranks.patterns, config["r"],
                !copied.empty());
  mergePatterns(config, "alpha_pattern", alphas.patterns, config["lora_alpha"],
                !copied.empty());
  setParameters(adapter, target);
  setModules(adapter, copied);
  // If the file has no version of PEFT, only this key states the order of
  // columns.
  for (const Module &module : adapter.modules)
    if (module.packed)
      config["lora_B_layout"] = "rank_major";
}

} // namespace moelora::adapters
