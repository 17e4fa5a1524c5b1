/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Decides which parameter a packed pair adapts and in which layout, and cuts
 * it into the experts' pairs.
 */
#include "adapter/AdapterLayout.h"

#include "adapter/AdapterPath.h"
#include "base/Failure.h"

#include <algorithm>
#include <map>

using namespace moelora;

namespace {

/// A packed pair whose parameter is known.
struct Packed {
  const AdapterDraft *draft;
  AdapterPlace place;    ///< the draft's, with the projection
  std::string parameter; ///< full name, as patterns match it
  int64_t experts;       ///< in the file
  int64_t rank;
  int64_t in, out; ///< of all slices together
};

Packed describe(const AdapterSource &source, const AdapterDraft &draft,
                AdapterPlace place, std::string parameter) {
  const moelora_adapter_site &site = source.site(draft);
  PairSizes sizes = pairSizes(site, place.projection);
  int64_t zero = place.projection == MOELORA_DOWN ? 0 : site.zero_experts;
  int64_t rank = source.config.rankOf(parameter, source.work);
  int64_t out = sizes.out * place.slices;
  return {&draft,
          std::move(place),
          std::move(parameter),
          namedExperts(site) + zero,
          rank,
          sizes.in,
          out};
}

/// A weight of an experts module that a packed pair may adapt.
struct Weight {
  NameList names;
  AdapterPlace place;
};

/// In the order of the wrappers, the outermost first. Parameters are wrapped
/// in the order of the module: gate_up inside, down outside.
std::vector<Weight> weightsOf(const moelora_adapter_site &site,
                              const AdapterPlace &place) {
  AdapterPlace gateUp = place, down = place;
  setGateUp(gateUp, site);
  down.projection = MOELORA_DOWN;
  return {{site.names->packed_down, down},
          {site.names->packed_gate_up, gateUp}};
}

/// The full name of the weight, if it is a target; "" if not. A file that
/// states no targets has all weights.
std::string findTargeted(const AdapterSource &source, const std::string &module,
                         NameList names) {
  for (; names && *names; ++names) {
    std::string name = module + "." + *names;
    if (source.config.targetParameters.empty() ||
        source.config.targetsParameter(name, source.work))
      return name;
  }
  return "";
}

/// Says which target is no weight of the module, when there is one.
void refuseOtherTargets(const AdapterSource &source, const std::string &module,
                        const std::vector<Weight> &weights) {
  for (const std::string &entry : source.config.targetParameters) {
    source.work.step();
    std::string leaf = entry.substr(entry.rfind('.') + 1);
    bool known = false;
    for (const Weight &weight : weights)
      known = known || isAny(leaf, weight.names);
    std::string weight = "." + module + "." + leaf;
    if (!known && endsWith(weight, "." + entry))
      fail("expects target_parameters to name weights of '" + module +
           "', but '" + entry + "' is none (biases take no adapter)");
  }
}

/// The wrappers around one experts module.
void nameNested(const AdapterSource &source,
                std::vector<const AdapterDraft *> nested,
                std::vector<Packed> &all) {
  std::sort(nested.begin(), nested.end(),
            [](const AdapterDraft *left, const AdapterDraft *right) {
              return left->place.depth < right->place.depth;
            });
  std::string module(nested[0]->place.module);
  std::vector<Weight> weights =
      weightsOf(source.site(*nested[0]), nested[0]->place);
  std::vector<std::pair<std::string, AdapterPlace>> targets;
  for (const Weight &weight : weights) {
    std::string found = findTargeted(source, module, weight.names);
    if (!found.empty())
      targets.emplace_back(std::move(found), weight.place);
  }
  size_t deepest = static_cast<size_t>(nested.back()->place.depth);
  if (targets.size() != nested.size() || deepest + 1 != nested.size()) {
    refuseOtherTargets(source, module, weights);
    fail("expects target_parameters to name the weight that each packed pair "
         "of '" +
         module + "' adapts, but the file has " +
         std::to_string(nested.size()) + " pairs, nested " +
         std::to_string(deepest + 1) + " deep, and target_parameters names " +
         std::to_string(
             source.config.targetParameters.empty() ? 0 : targets.size()) +
         " weights of it");
  }
  for (size_t i = 0; i < nested.size(); ++i)
    all.push_back(describe(source, *nested[i], std::move(targets[i].second),
                           std::move(targets[i].first)));
}

std::vector<Packed> nameParameters(const AdapterSource &source,
                                   const std::vector<AdapterDraft> &drafts) {
  std::vector<Packed> all;
  std::map<std::string_view, std::vector<const AdapterDraft *>> nestedIn;
  for (const AdapterDraft &draft : drafts) {
    const AdapterPlace &place = draft.place;
    if (place.projection == unknownProjection)
      nestedIn[place.module].push_back(&draft);
    else // the module has one parameter
      all.push_back(describe(source, draft, place,
                             std::string(place.module) + ".weight"));
  }
  for (auto &[module, nested] : nestedIn)
    nameNested(source, nested, all);
  return all;
}

/// Which layouts the shapes of a pair allow: one, both or an error.
struct Fit {
  bool natural, transposed;
};

Fit fitShapes(const AdapterSource &source, const Packed &packed) {
  const Tensor &a = source.tensor(packed.draft->a.tensor);
  const Tensor &b = source.tensor(packed.draft->b.tensor);
  int64_t ranks = packed.experts * packed.rank;
  for (int64_t found : {a.shape[0], b.shape[1]})
    if (found != ranks)
      fail("expects '" + packed.parameter +
           "' to have experts x rank = " + std::to_string(packed.experts) +
           " x " + std::to_string(packed.rank) + " = " + std::to_string(ranks) +
           " rows of lora_A and columns of lora_B, but their shapes are " +
           shapeText(a.shape.data(), 2) + " and " +
           shapeText(b.shape.data(), 2));
  Fit fit = {a.shape[1] == packed.in && b.shape[0] == packed.out,
             a.shape[1] == packed.out && b.shape[0] == packed.in};
  if (!fit.natural && !fit.transposed)
    fail("expects the shapes of '" + packed.parameter +
         "' to have the sizes in = " + std::to_string(packed.in) +
         " and out = " + std::to_string(packed.out) + ", but they are " +
         shapeText(a.shape.data(), 2) + " and " + shapeText(b.shape.data(), 2));
  return fit;
}

const char *layoutName(moelora_adapter_layout layout) {
  return layout == MOELORA_LAYOUT_NATURAL ? "natural" : "transposed";
}

/// What the writing library's version says when the shapes say nothing.
moelora_adapter_layout layoutOfVersion(const AdapterConfig &config,
                                       int32_t rule) {
  if (!config.release)
    return MOELORA_LAYOUT_DECIDE;
  constexpr std::array<int, 3> marksRead = {0, 19, 0},
                               rolesSwapped = {0, 19, 1};
  if (rule == MOELORA_BLIND_OUT_IN)
    return *config.release < rolesSwapped ? MOELORA_LAYOUT_TRANSPOSED
                                          : MOELORA_LAYOUT_NATURAL;
  if (rule == MOELORA_BLIND_IN_OUT && *config.release < marksRead)
    return MOELORA_LAYOUT_NATURAL;
  return MOELORA_LAYOUT_DECIDE;
}

/// For a file of which no shape tells.
void decideBlind(const AdapterSource &source, const Packed &blind,
                 AdapterBinding &binding) {
  const std::string &version = source.config.peftVersion;
  std::string said = version.empty() ? "absent" : "'" + version + "'";
  binding.layout = layoutOfVersion(source.config,
                                   source.site(*blind.draft).names->blind_rule);
  if (binding.layout == MOELORA_LAYOUT_DECIDE)
    fail("ambiguous layout: the shapes of '" + blind.parameter +
         "' are natural and transposed alike, as in and out are both " +
         std::to_string(blind.in) + ", and peft_version, which is " + said +
         ", does not tell; state it with "
         "--adapter-layout=NAME=natural|transposed");
  binding.why = "peft_version is " + said + ", the shapes fit both";
}

void decideLayout(const AdapterSource &source, const std::vector<Packed> &all,
                  moelora_adapter_layout stated, AdapterBinding &binding) {
  const Packed *deciding = nullptr;
  for (const Packed &packed : all) {
    Fit fit = fitShapes(source, packed);
    if (fit.natural == fit.transposed)
      continue;
    auto layout =
        fit.natural ? MOELORA_LAYOUT_NATURAL : MOELORA_LAYOUT_TRANSPOSED;
    if (deciding && layout != binding.layout)
      fail("expects one layout in a file, but the shapes of '" +
           deciding->parameter + "' are " + layoutName(binding.layout) +
           " and those of '" + packed.parameter + "' are " +
           layoutName(layout));
    binding.layout = layout;
    deciding = deciding ? deciding : &packed;
  }
  if (deciding && stated != MOELORA_LAYOUT_DECIDE && stated != binding.layout)
    fail(std::string("the stated layout is ") + layoutName(stated) +
         ", but the shapes of '" + deciding->parameter + "' are " +
         layoutName(binding.layout));
  if (deciding) {
    binding.why = "the shapes of '" + deciding->parameter + "' fit no other";
  } else if (stated != MOELORA_LAYOUT_DECIDE) {
    binding.layout = stated;
    binding.why = "stated by the caller, the shapes fit both";
  } else {
    decideBlind(source, all.front(), binding);
  }
}

/// Where expert `e` and slice `slice` lie.
AdapterPair cut(const Packed &packed, const moelora_adapter_site &site,
                bool natural, int64_t e, int32_t slice) {
  const AdapterPlace &place = packed.place;
  int64_t ranks = packed.experts * packed.rank;
  int64_t a = packed.draft->a.tensor, b = packed.draft->b.tensor;
  AdapterPair pair;
  if (natural) {
    pair.a = {a, e * packed.rank * packed.in, packed.in, 1};
    pair.b = {b, e, ranks, packed.experts};
  } else {
    pair.a = {b, e, packed.experts, ranks};
    pair.b = {a, e * packed.rank * packed.out, 1, packed.out};
  }
  pair.in = packed.in;
  pair.out = packed.out / place.slices;
  pair.b = takeSlice(pair.b, site, place, slice, pair.out);
  pair.rank = static_cast<int32_t>(packed.rank);
  pair.sharesA = place.slices == 2;
  return pair;
}

} // namespace

void moelora::bindPacked(const AdapterSource &source,
                         const std::vector<AdapterDraft> &drafts,
                         moelora_adapter_layout stated,
                         AdapterBinding &binding) {
  if (drafts.empty())
    return;
  std::vector<Packed> all = nameParameters(source, drafts);
  decideLayout(source, all, stated, binding);
  bool natural = binding.layout == MOELORA_LAYOUT_NATURAL;
  for (const Packed &packed : all) {
    const moelora_adapter_site &site = source.site(*packed.draft);
    const AdapterPlace &place = packed.place;
    binding.sites[place.site].packed = true;
    double alpha = source.config.alphaOf(packed.parameter, source.work);
    double scale = source.config.scale(alpha, packed.rank);
    for (int32_t slice = 0; slice < place.slices; ++slice)
      for (int32_t e = 0; e < namedExperts(site); ++e) {
        source.work.step();
        AdapterPair pair = cut(packed, site, natural, e, slice);
        pair.scale = scale;
        addPair(binding, source.target, place.site, place.projection + slice, e,
                pair, packed.parameter);
      }
  }
}
