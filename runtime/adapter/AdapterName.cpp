/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Parses the names of tensors, from the outermost module to the innermost.
 */
#include "adapter/AdapterName.h"

#include "adapter/AdapterPath.h"
#include "base/Failure.h"
#include "moelora/support/ModelPrefixes.h"

#include <algorithm>
#include <charconv>

using namespace moelora;

namespace {

/// The prefix of all names in adapter files of the library.
constexpr std::string_view wrapperPrefix = "base_model.model.";

/// The names that serving engines use for stacks of gated experts, in every
/// family.
constexpr const char *stackedGate[] = {"w1", nullptr};
constexpr const char *stackedUp[] = {"w3", nullptr};
constexpr const char *stackedDown[] = {"w2", nullptr};

bool isDigit(char c) { return c >= '0' && c <= '9'; }

/// Removes "12." from the front. Numbers have no leading zeros, so each has one
/// spelling.
bool takeNumber(std::string_view &text, int64_t &value) {
  size_t digits = text.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string_view::npos || digits > 9 ||
      text[digits] != '.' || (text[0] == '0' && digits > 1))
    return false;
  std::string_view number = text.substr(0, digits);
  std::from_chars(number.begin(), number.end(), value);
  text.remove_prefix(digits + 1);
  return true;
}

[[noreturn]] void unknown(const std::string &tensor, const std::string &why) {
  fail("unknown tensor '" + tensor + "': " + why);
}

/// Removes ".lora_A.weight" or ".lora_B.weight" from the end, or fails with
/// what the tensor is instead.
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

/// A module that has a pair, or two pairs in one, and its name.
struct Part {
  bool present;
  NameList names;
  int32_t projection;
  int32_t slices;
};

template <size_t Count>
bool findPart(const Part (&parts)[Count], std::string_view name,
              AdapterPlace &place) {
  for (const Part &part : parts)
    if (part.present && isAny(name, part.names)) {
      place.projection = part.projection;
      place.slices = part.slices;
      return true;
    }
  return false;
}

bool findExpertPart(const moelora_adapter_site &site, std::string_view name,
                    AdapterPlace &place) {
  const moelora_adapter_names &names = *site.names;
  AdapterPlace gateUp;
  setGateUp(gateUp, site);
  const Part parts[] = {
      {site.gated != 0, names.gate, MOELORA_GATE, 1},
      {true, names.up, MOELORA_UP, 1},
      {true, names.down, MOELORA_DOWN, 1},
      {true, names.packed_gate_up, gateUp.projection, gateUp.slices},
      {true, names.packed_down, MOELORA_DOWN, 1}};
  return findPart(parts, name, place);
}

/// Below the experts, without an expert's number.
bool findStack(const moelora_adapter_site &site, std::string_view name,
               AdapterPlace &place) {
  bool gated = site.gated != 0;
  const Part parts[] = {{gated, stackedGate, MOELORA_GATE, 1},
                        {gated, stackedUp, MOELORA_UP, 1},
                        {gated, stackedDown, MOELORA_DOWN, 1}};
  place.expert = allExperts;
  return findExpertPart(site, name, place) || findPart(parts, name, place);
}

/// Modules that a block has once.
bool findSingle(const moelora_adapter_site &site, std::string_view name,
                AdapterPlace &place) {
  const moelora_adapter_names &names = *site.names;
  bool shared = site.shared > 0, latent = site.latent > 0;
  bool gated = site.gated != 0;
  const Part inBlock[] = {{true, names.router, MOELORA_ROUTER, 1},
                          {shared, names.shared_score, MOELORA_SHARED_SCORE, 1},
                          {latent, names.latent_in, MOELORA_LATENT_IN, 1},
                          {latent, names.latent_out, MOELORA_LATENT_OUT, 1}};
  const Part inShared[] = {
      {gated, names.shared_gate, MOELORA_SHARED_GATE, 1},
      {true, names.shared_up, MOELORA_SHARED_UP, 1},
      {true, names.shared_down, MOELORA_SHARED_DOWN, 1},
      {gated, names.shared_gate_up, MOELORA_SHARED_GATE, 2}};
  return findPart(inBlock, name, place) ||
         (shared && takeAny(name, names.shared) &&
          findPart(inShared, name, place));
}

/// Reads "gate_up_projs.17": the experts' modules are listed by projection. The
/// projection remains.
bool takeListed(std::string_view &name, int64_t &expert) {
  std::string_view list = firstWord(name);
  if (!endsWith(list, "s") || list.size() == name.size())
    return false;
  std::string number(name.substr(list.size() + 1));
  std::string_view rest = number += '.';
  if (!takeNumber(rest, expert) || !rest.empty())
    return false;
  name = list.substr(0, list.size() - 1);
  return true;
}

bool findExpert(const moelora_adapter_site &site, std::string_view name,
                const std::string &tensor, AdapterPlace &place) {
  if (!takeAny(name, site.names->experts))
    return false;
  int64_t expert = 0;
  if (!takeNumber(name, expert) && !takeListed(name, expert))
    return findStack(site, name, place);
  if (expert >= namedExperts(site))
    unknown(tensor, "expects experts below " +
                        std::to_string(namedExperts(site)) +
                        ", but it is of expert " + std::to_string(expert));
  place.expert = static_cast<int32_t>(expert);
  return findExpertPart(site, name, place);
}

/// A packed parameter that is the only parameter of its module.
bool findPackedModule(const moelora_adapter_site &site, std::string_view name,
                      AdapterPlace &place) {
  const moelora_adapter_names &names = *site.names;
  if (!names.packed_modules)
    return false;
  AdapterPlace gateUp;
  setGateUp(gateUp, site);
  const Part parts[] = {
      {true, names.packed_gate_up, gateUp.projection, gateUp.slices},
      {true, names.packed_down, MOELORA_DOWN, 1}};
  return findPart(parts, name, place);
}

/// Whether a name in a layer that has no block of its own is one of the
/// block's parts.
bool isPartOfLayer(std::string_view rest, const moelora_adapter_names &names) {
  for (NameList list : {names.experts, names.router, names.shared,
                        names.shared_score, names.latent_in, names.latent_out})
    for (; list && *list; ++list)
      if (firstWord(rest) == firstWord(*list))
        return true;
  return false;
}

/// Removes "model.layers." from the front of "model.layers.3".
bool takeContainer(std::string_view &rest, std::string_view container) {
  for (int words = 0; words <= maxModelWords; ++words) {
    std::string_view word = firstWord(rest);
    if (word == container && takePath(rest, container))
      return !rest.empty() && isDigit(rest.front());
    if (!isModelWord(word) || !takePath(rest, word))
      return false;
  }
  return false;
}

std::string predictionText(const moelora_adapter_target &target) {
  return target.prediction_layers == 0
             ? ""
             : " and " + std::to_string(target.prediction_layers) +
                   " of prediction behind them";
}

bool takeBlock(std::string_view &rest, const moelora_adapter_names &names) {
  for (NameList block = names.block; block && *block; ++block)
    if (**block ? takePath(rest, *block) : isPartOfLayer(rest, names))
      return true;
  return false;
}

} // namespace

void moelora::setGateUp(AdapterPlace &place, const moelora_adapter_site &site) {
  place.projection = site.gated ? MOELORA_GATE : MOELORA_UP;
  place.slices = site.gated ? 2 : 1;
}

AdapterNames::AdapterNames(const moelora_adapter_target &target)
    : target(target), siteOfLayer(static_cast<size_t>(target.layers), -1) {
  for (int32_t i = 0; i < target.sites; ++i)
    siteOfLayer[static_cast<size_t>(target.site[i].layer)] = i;
}

AdapterPlace AdapterNames::place(std::string_view name,
                                 const std::string &tensor) const {
  if (!take(name, wrapperPrefix))
    unknown(tensor,
            "expects names to begin with " + std::string(wrapperPrefix));
  // Of a model that had an adapter already when it got this one.
  while (take(name, wrapperPrefix))
    ;
  AdapterPlace place;
  int64_t layer = 0;
  std::string_view rest = name;
  if (!takeContainer(rest, containerOf(*target.site[0].names)))
    return place;
  if (!takeNumber(rest, layer))
    unknown(tensor, "expects the number of a layer, as in 'layers.12.', but it "
                    "is of '" +
                        std::string(firstWord(rest)) + "'");
  if (layer >= target.layers + target.prediction_layers)
    unknown(tensor, "expects layers below " + std::to_string(target.layers) +
                        predictionText(target) + ", but it is of layer " +
                        std::to_string(layer));
  if (layer >= target.layers)
    return place;
  int32_t site = siteOfLayer[static_cast<size_t>(layer)];
  const moelora_adapter_names &names = *target.site[std::max(site, 0)].names;
  if (!takeBlock(rest, names))
    return place;
  if (site < 0) {
    if (takeAny(rest, names.experts))
      unknown(tensor, "layer " + std::to_string(layer) + " has no experts");
    return place;
  }
  place.site = static_cast<size_t>(site);
  place.wrapper = name;
  placeInBlock(rest, tensor, place);
  return place;
}

void AdapterNames::placeInBlock(std::string_view inside,
                                const std::string &tensor,
                                AdapterPlace &place) const {
  const moelora_adapter_site &site = target.site[place.site];
  std::string_view module = takeSuffix(inside, tensor, place.isB);
  // Wrappers of packed parameters are nested. The rest is the name of the
  // module.
  std::string_view bare = module;
  while (endsWith(bare, ".base_layer")) {
    bare.remove_suffix(std::string_view(".base_layer").size());
    ++place.depth;
  }
  size_t end = static_cast<size_t>(bare.data() - place.wrapper.data());
  place.module = place.wrapper.substr(0, end + bare.size());
  place.wrapper = place.wrapper.substr(0, end + module.size());
  bool wrapped = place.depth > 0;
  if (isAny(bare, site.names->experts) ||
      (!wrapped && findPackedModule(site, bare, place)))
    place.kind = AdapterPlace::Packed;
  else if (!wrapped && (findSingle(site, bare, place) ||
                        findExpert(site, bare, tensor, place)))
    place.kind = AdapterPlace::Pair;
  else
    unknown(tensor, "the MoE block has no module '" + std::string(module) +
                        "' that takes adapters");
}
