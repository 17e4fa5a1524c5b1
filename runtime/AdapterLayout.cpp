/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Decides which parameter a packed pair adapts and in which layout, and cuts
 * it into the experts' pairs.
 */
#include "AdapterLayout.h"

#include "Failure.h"

#include <algorithm>
#include <map>

using namespace moelora;

namespace {

/// A packed pair whose parameter is known.
struct Packed {
  const AdapterDraft *draft;
  std::string parameter; ///< full name, as patterns match it
  int32_t projection;    ///< GATE: all slices of gate_up; DOWN; ROUTER
  int64_t experts;       ///< 1 for the router
  int64_t rank;
  int64_t in, out; ///< of all slices together
  int32_t slices;
};

/// The parameter of this list that target_parameters names, or "".
std::string findTargeted(const AdapterSource &source, const std::string &module,
                         const char *const *names) {
  for (; names && *names; ++names)
    if (source.config.targetsParameter(module + "." + *names))
      return module + "." + *names;
  return "";
}

Packed describe(const AdapterSource &source, const AdapterDraft &draft,
                std::string parameter, int32_t projection) {
  const moelora_adapter_site &site = source.site(draft);
  PairSizes sizes = pairSizes(site, projection);
  int32_t slices = projection == MOELORA_GATE && site.gated ? 2 : 1;
  int64_t experts = projection == MOELORA_ROUTER ? 1 : site.experts;
  int64_t rank = source.config.rankOf(parameter);
  return {&draft,   std::move(parameter), projection, experts, rank,
          sizes.in, sizes.out * slices,   slices};
}

/// The wrappers around one experts module, the outermost first. Parameters
/// are wrapped in the order of the module: gate_up inside, down outside.
void nameNested(const AdapterSource &source,
                std::vector<const AdapterDraft *> nested,
                std::vector<Packed> &all) {
  std::sort(nested.begin(), nested.end(),
            [](const AdapterDraft *left, const AdapterDraft *right) {
              return left->place.depth < right->place.depth;
            });
  const moelora_adapter_names &names = *source.site(*nested[0]).names;
  const std::string &module = nested[0]->place.module;
  std::vector<std::pair<std::string, int32_t>> parameters;
  for (auto [list, projection] :
       {std::pair(names.packed_down, MOELORA_DOWN),
        std::pair(names.packed_gate_up, MOELORA_GATE)}) {
    std::string found = findTargeted(source, module, list);
    if (!found.empty())
      parameters.emplace_back(found, projection);
  }
  size_t deepest = static_cast<size_t>(nested.back()->place.depth);
  if (parameters.size() != nested.size() || deepest + 1 != nested.size())
    fail("expects target_parameters to name the weight that each packed pair "
         "of '" +
         module + "' adapts, but the file has " +
         std::to_string(nested.size()) + " pairs, nested " +
         std::to_string(deepest + 1) + " deep, and target_parameters names " +
         std::to_string(parameters.size()) +
         " weights of it (biases take no adapter)");
  for (size_t i = 0; i < nested.size(); ++i)
    all.push_back(describe(source, *nested[i], parameters[i].first,
                           parameters[i].second));
}

std::vector<Packed> nameParameters(const AdapterSource &source,
                                   const std::vector<AdapterDraft> &drafts) {
  std::vector<Packed> all;
  std::map<std::string, std::vector<const AdapterDraft *>> nestedIn;
  for (const AdapterDraft &draft : drafts) {
    const AdapterPlace &place = draft.place;
    if (place.kind == AdapterPlace::Packed)
      nestedIn[place.module].push_back(&draft);
    else
      all.push_back(
          describe(source, draft, place.module + ".weight",
                   place.kind == AdapterPlace::PackedGateUp ? MOELORA_GATE
                   : place.kind == AdapterPlace::PackedDown ? MOELORA_DOWN
                                                            : MOELORA_ROUTER));
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
  const Tensor &a = source.tensor(packed.draft->a);
  const Tensor &b = source.tensor(packed.draft->b);
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

/// Where expert `e` and slice `slice` lie. `first` and `step` say which of the
/// `out` outputs are the slice's: a run of them, or every other one.
AdapterPair cut(const Packed &packed, const moelora_adapter_site &site,
                bool natural, int64_t e, int64_t slice) {
  int64_t ranks = packed.experts * packed.rank;
  int64_t size = packed.out / packed.slices;
  int64_t first = site.interleaved ? slice : slice * size;
  int64_t step = site.interleaved ? packed.slices : 1;
  AdapterPair pair;
  if (natural) {
    pair.a = {packed.draft->a, e * packed.rank * packed.in, packed.in, 1};
    pair.b = {packed.draft->b, first * ranks + e, step * ranks, packed.experts};
  } else {
    pair.a = {packed.draft->b, e, packed.experts, ranks};
    pair.b = {packed.draft->a, e * packed.rank * packed.out + first, step,
              packed.out};
  }
  pair.in = packed.in;
  pair.out = size;
  pair.rank = static_cast<int32_t>(packed.rank);
  pair.sharesA = packed.slices == 2;
  return pair;
}

/// GATE of a plain layer has one slice, which is its up projection.
int32_t projectionOf(const Packed &packed, const moelora_adapter_site &site,
                     int32_t slice) {
  if (packed.projection != MOELORA_GATE)
    return packed.projection;
  return site.gated && slice == 0 ? MOELORA_GATE : MOELORA_UP;
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
    size_t index = packed.draft->place.site;
    binding.sites[index].packed |= packed.projection != MOELORA_ROUTER;
    double scale = source.config.scaleOf(packed.parameter);
    for (int32_t slice = 0; slice < packed.slices; ++slice)
      for (int32_t e = 0; e < packed.experts; ++e) {
        AdapterPair pair = cut(packed, site, natural, e, slice);
        pair.scale = scale;
        addPair(binding, source, index, projectionOf(packed, site, slice), e,
                pair, packed.parameter);
      }
  }
}
