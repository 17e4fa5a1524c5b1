/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Takes tensors' names apart, from the outside in.
 */
#include "AdapterName.h"

#include "Failure.h"

#include <algorithm>

using namespace moelora;

namespace {

using NameList = const char *const *;

/// Every adapter file of the library begins its names like this.
constexpr std::string_view wrapperPrefix = "base_model.model.";

/// Where models keep their decoder's layers. Other stacks (vision towers) have
/// layers too, under prefixes that are not here: they are elsewhere.
constexpr std::string_view modelPrefixes[] = {"",
                                              "model.",
                                              "model.language_model.",
                                              "language_model.model.",
                                              "language_model.",
                                              "backbone."};

/// Sizes above these belong to no model; they keep products countable.
constexpr int64_t maxExperts = 1 << 20, maxSize = int64_t(1) << 31;
constexpr int32_t maxLayers = 1 << 16;

bool take(std::string_view &text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix)
    return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// Takes a whole path of components off the front: up to a dot or the end.
bool takePath(std::string_view &text, std::string_view path) {
  std::string_view rest = text;
  if (!take(rest, path) || (!rest.empty() && !take(rest, ".")))
    return false;
  text = rest;
  return true;
}

bool takeAny(std::string_view &text, NameList paths) {
  for (; paths && *paths; ++paths)
    if (takePath(text, *paths))
      return true;
  return false;
}

bool isAny(std::string_view text, NameList names) {
  for (; names && *names; ++names)
    if (text == *names)
      return true;
  return false;
}

/// Takes "12." off the front. Numbers have one spelling: no leading zeros.
bool takeNumber(std::string_view &text, int64_t &value) {
  size_t digits = text.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string_view::npos || digits > 9 ||
      text[digits] != '.' || (text[0] == '0' && digits > 1))
    return false;
  value = std::stoll(std::string(text.substr(0, digits)));
  text.remove_prefix(digits + 1);
  return true;
}

bool endsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() &&
         text.substr(text.size() - end.size()) == end;
}

[[noreturn]] void unknown(const std::string &tensor, const std::string &why) {
  fail("unknown tensor '" + tensor + "': " + why);
}

/// Takes ".lora_A.weight" or ".lora_B.weight" off the end, or says what the
/// tensor is instead.
std::string_view takeSuffix(std::string_view module, const std::string &tensor,
                            bool &isB) {
  constexpr std::string_view a = ".lora_A.weight", b = ".lora_B.weight";
  isB = endsWith(module, b);
  if (isB || endsWith(module, a))
    return module.substr(0, module.size() - a.size());
  if (module.find("lora_magnitude_vector") != std::string_view::npos)
    unknown(tensor, "lora_magnitude_vector belongs to use_dora, which is not "
                    "supported");
  if (module.find("bias") != std::string_view::npos)
    unknown(tensor, "a bias is not part of a pair lora_A, lora_B");
  if (module.find("lora_") == std::string_view::npos)
    unknown(tensor, "expects pairs lora_A, lora_B in a MoE block, but it "
                    "replaces a weight, as modules_to_save does");
  unknown(tensor, "expects lora_A.weight or lora_B.weight at its end");
}

void checkSite(const moelora_adapter_site &site, int32_t layers) {
  auto inside = [](int64_t value, int64_t low, int64_t high) {
    return value >= low && value <= high;
  };
  if (!site.names || !inside(site.layer, 0, layers - 1) ||
      !inside(site.experts, 1, maxExperts) ||
      !inside(site.hidden, 1, maxSize) ||
      !inside(site.intermediate, 1, maxSize) ||
      !inside(site.shared, 0, maxSize))
    fail("expects names, a layer below " + std::to_string(layers) +
         " and positive sizes of every site, but site of layer " +
         std::to_string(site.layer) + " has others");
}

/// Calls `visit` with the path of every module in a block or around it.
template <typename Visit>
void forEachModule(const moelora_adapter_site &site, Visit visit) {
  const moelora_adapter_names &names = *site.names;
  auto each = [](NameList list, auto body) {
    for (; list && *list; ++list)
      body(std::string(".") + *list);
  };
  auto eachProjection = [&](const std::string &path, NameList gate, NameList up,
                            NameList down) {
    visit(path);
    for (NameList list : {gate, up, down})
      each(list, [&](const std::string &name) { visit(path + name); });
  };
  std::string layer = "model.layers." + std::to_string(site.layer);
  for (const char *around : {"model", "model.layers", layer.c_str()})
    visit(around);
  each(names.block, [&](const std::string &name) {
    std::string block = layer + name;
    visit(block);
    for (NameList list : {names.router, names.shared_score})
      each(list, [&](const std::string &name) { visit(block + name); });
    each(names.shared, [&](const std::string &name) {
      eachProjection(block + name, names.shared_gate, names.shared_up,
                     names.shared_down);
    });
    each(names.experts, [&](const std::string &name) {
      visit(block + name);
      for (int32_t e = 0; e < site.experts; ++e)
        eachProjection(block + name + "." + std::to_string(e), names.gate,
                       names.up, names.down);
    });
  });
}

} // namespace

AdapterNames::AdapterNames(const moelora_adapter_target &target)
    : target(target) {
  if (target.sites < 1 || !target.site || target.layers < 1 ||
      target.layers > maxLayers)
    fail("expects a model with MoE layers to bind an adapter to");
  siteOfLayer.assign(static_cast<size_t>(target.layers), -1);
  for (int32_t i = 0; i < target.sites; ++i) {
    checkSite(target.site[i], target.layers);
    int32_t &site = siteOfLayer[static_cast<size_t>(target.site[i].layer)];
    if (site >= 0)
      fail("expects one site for each layer, but layer " +
           std::to_string(target.site[i].layer) + " has two");
    site = i;
  }
}

AdapterPlace AdapterNames::place(const std::string &tensor) const {
  std::string_view name = tensor;
  if (!take(name, wrapperPrefix))
    unknown(tensor,
            "expects names to begin with " + std::string(wrapperPrefix));
  AdapterPlace place;
  int64_t layer = 0;
  std::string_view rest;
  auto findLayer = [&](std::string_view prefix) {
    rest = name;
    return take(rest, prefix) && take(rest, "layers.") &&
           takeNumber(rest, layer);
  };
  if (std::none_of(std::begin(modelPrefixes), std::end(modelPrefixes),
                   findLayer))
    return place;
  if (layer >= target.layers)
    unknown(tensor, "expects layers below " + std::to_string(target.layers) +
                        ", but it is of layer " + std::to_string(layer));
  int32_t site = siteOfLayer[static_cast<size_t>(layer)];
  const moelora_adapter_names &names = *target.site[std::max(site, 0)].names;
  if (!takeAny(rest, names.block))
    return place;
  if (site < 0) {
    if (takeAny(rest, names.experts))
      unknown(tensor, "layer " + std::to_string(layer) + " has no experts");
    return place;
  }
  place.site = static_cast<size_t>(site);
  place.module = name.substr(0, name.size() - rest.size());
  placeInBlock(rest, tensor, place);
  return place;
}

void AdapterNames::placeInBlock(std::string_view inside,
                                const std::string &tensor,
                                AdapterPlace &place) const {
  const moelora_adapter_names &names = *target.site[place.site].names;
  std::string_view module = takeSuffix(inside, tensor, place.isB);
  // Wrappers of packed parameters nest; the name of the module is what is left.
  std::string_view bare = module;
  while (endsWith(bare, ".base_layer")) {
    bare.remove_suffix(std::string_view(".base_layer").size());
    ++place.depth;
  }
  place.module += bare;
  std::string_view rest = bare;
  bool packedModule = names.packed_modules && place.depth == 0;
  if (packedModule && isAny(bare, names.packed_gate_up))
    place.kind = AdapterPlace::PackedGateUp;
  else if (packedModule && isAny(bare, names.packed_down))
    place.kind = AdapterPlace::PackedDown;
  else if (!names.packed_modules && isAny(bare, names.experts))
    place.kind = AdapterPlace::Packed;
  else if (place.depth == 0 &&
           (placeSingle(bare, place) ||
            (takeAny(rest, names.experts) && placeExpert(rest, tensor, place))))
    place.kind = AdapterPlace::Plain;
  else
    unknown(tensor, "the MoE block has no module '" + std::string(module) +
                        "' that takes adapters");
}

bool AdapterNames::placeExpert(std::string_view rest, const std::string &tensor,
                               AdapterPlace &place) const {
  const moelora_adapter_site &site = target.site[place.site];
  int64_t expert = 0;
  if (!takeNumber(rest, expert))
    return false;
  if (expert >= site.experts)
    unknown(tensor, "expects experts below " + std::to_string(site.experts) +
                        ", but it is of expert " + std::to_string(expert));
  place.expert = static_cast<int32_t>(expert);
  const NameList lists[] = {site.gated ? site.names->gate : nullptr,
                            site.names->up, site.names->down};
  for (int32_t projection : {MOELORA_GATE, MOELORA_UP, MOELORA_DOWN})
    if (isAny(rest, lists[projection])) {
      place.projection = projection;
      return true;
    }
  return false;
}

bool AdapterNames::placeSingle(std::string_view module,
                               AdapterPlace &place) const {
  const moelora_adapter_site &site = target.site[place.site];
  const moelora_adapter_names &names = *site.names;
  auto is = [&](bool right, int32_t projection) {
    place.projection = right ? projection : place.projection;
    return right;
  };
  if (is(isAny(module, names.router), MOELORA_ROUTER))
    return true;
  if (site.shared == 0)
    return false;
  return is(isAny(module, names.shared_score), MOELORA_SHARED_SCORE) ||
         (takeAny(module, names.shared) &&
          (is(site.gated && isAny(module, names.shared_gate),
              MOELORA_SHARED_GATE) ||
           is(isAny(module, names.shared_up), MOELORA_SHARED_UP) ||
           is(isAny(module, names.shared_down), MOELORA_SHARED_DOWN)));
}

void AdapterNames::checkModulesToSave(
    const std::vector<std::string> &entries) const {
  if (entries.empty())
    return;
  for (int32_t i = 0; i < target.sites; ++i)
    forEachModule(target.site[i], [&](const std::string &module) {
      for (const std::string &entry : entries)
        if (endsWith(module, entry))
          fail("expects modules_to_save to leave MoE blocks alone, but '" +
               entry + "' replaces " + module);
    });
}
