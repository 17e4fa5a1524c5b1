/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Determines which parameter a packed pair adapts, and divides it into the
 * pairs of the experts.
 */
#include "adapter/AdapterLayout.h"

#include "adapter/AdapterPacked.h"
#include "adapter/AdapterPath.h"
#include "base/Failure.h"

#include <algorithm>
#include <map>

using namespace moelora;

namespace {

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

/// Names the first target that is not a weight of the module, if there is one.
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

/// The position of expert `e` and slice `slice`.
AdapterPair cut(const Packed &packed, const moelora_adapter_site &site,
                const AdapterBinding &decided, int64_t e, int32_t slice) {
  const AdapterPlace &place = packed.place;
  bool grouped = decided.columns == MOELORA_COLUMNS_GROUPED_BY_EXPERT;
  int64_t column = grouped ? e * packed.rank : e;
  int64_t step = grouped ? 1 : packed.experts;
  int64_t ranks = packed.experts * packed.rank;
  int64_t a = packed.draft->a.tensor, b = packed.draft->b.tensor;
  AdapterPair pair;
  if (decided.layout == MOELORA_LAYOUT_NATURAL) {
    pair.a = {a, e * packed.rank * packed.in, packed.in, 1};
    pair.b = {b, column, ranks, step};
  } else {
    pair.a = {b, column, step, ranks};
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
                         const moelora_adapter_options &stated,
                         AdapterBinding &binding) {
  if (drafts.empty())
    return;
  std::vector<Packed> all = nameParameters(source, drafts);
  decidePacked(source, all, stated, binding);
  for (const Packed &packed : all) {
    const moelora_adapter_site &site = source.site(*packed.draft);
    const AdapterPlace &place = packed.place;
    binding.sites[place.site].packed = true;
    double alpha = source.config.alphaOf(packed.parameter, source.work);
    double scale = source.config.scale(alpha, packed.rank);
    for (int32_t slice = 0; slice < place.slices; ++slice)
      for (int32_t e = 0; e < namedExperts(site); ++e) {
        source.work.step();
        AdapterPair pair = cut(packed, site, binding, e, slice);
        pair.scale = scale;
        addPair(binding, source.target, place.site, place.projection + slice, e,
                pair, packed.parameter);
      }
  }
}
