// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/adapters/Dummy.h"

#include "Config.h"
#include "moelora/adapters/Forms.h"
#include "moelora/host/Buffer.h"

#include <cmath>
#include <set>
#include <unistd.h>

using moelora::host::Error;

namespace moelora::adapters {

/// Twice the rank, so that the scale is not 1, which could hide mistakes.
static constexpr int32_t alphaOfRank = 2;

Dummy::Dummy(const moelora_adapter_target &target, DummyOptions asked)
    : target(target), options(std::move(asked)) {
  chooseLayers();
  double memory =
      double(::sysconf(_SC_PHYS_PAGES)) * double(::sysconf(_SC_PAGE_SIZE));
  if (bytes() > memory)
    throw Error{"expects the adapter to fit into memory, but it has " +
                host::sizeText(bytes()) + " and the machine " +
                host::sizeText(memory)};
}

void Dummy::chooseLayers() {
  std::set<int32_t> left(options.layers.begin(), options.layers.end());
  for (int32_t i = 0; i < target.sites; ++i) {
    int32_t layer = target.site[i].layer;
    if (left.erase(layer) || options.layers.empty())
      rankOf.emplace(layer,
                     options.ranks[rankOf.size() % options.ranks.size()]);
  }
  if (!left.empty())
    throw Error{"expects --layers to name MoE layers, but layer " +
                std::to_string(*left.begin()) + " is none"};
}

Dummy::Sizes Dummy::sizesOf(const Place &place) {
  const moelora_adapter_site &site = *place.site;
  int64_t width = site.latent ? site.latent : site.hidden;
  if (place.projection == MOELORA_DOWN)
    return {site.intermediate, width};
  return {width, site.intermediate};
}

/// Whether there is a pair.
bool Dummy::isWanted(const Place &place) const {
  const moelora_adapter_site &site = *place.site;
  return place.projection <= MOELORA_DOWN &&
         (site.gated || place.projection != MOELORA_GATE) &&
         place.expert < site.experts - site.always && rankOf.count(site.layer);
}

/// Gate and up share A in a packed file.
Place Dummy::placeOfA(Place place) const {
  if (isPacked(options.form) && place.site->gated &&
      place.projection == MOELORA_UP)
    place.projection = MOELORA_GATE;
  if (options.form == Form::SharedOuter && place.projection != MOELORA_DOWN)
    place.expert = 0;
  return place;
}

Place Dummy::placeOfB(Place place) const {
  if (options.form == Form::SharedOuter && place.projection == MOELORA_DOWN)
    place.expert = 0;
  return place;
}

static bool isSame(const Place &one, const Place &other) {
  return one.projection == other.projection && one.expert == other.expert;
}

double Dummy::bytes() const {
  double elements = 0;
  forEachPlace(target, [&](const Place &place) {
    if (!isWanted(place))
      return;
    Sizes sizes = sizesOf(place);
    elements += double(rankOf.at(place.site->layer)) *
                double((isSame(placeOfA(place), place) ? sizes.in : 0) +
                       (isSame(placeOfB(place), place) ? sizes.out : 0));
  });
  return elements * double(moelora_dtype_bytes(options.dtype));
}

std::optional<Pair> Dummy::pair(const Place &place) const {
  if (!isWanted(place))
    return std::nullopt;
  Sizes sizes = sizesOf(place);
  int32_t rank = rankOf.at(place.site->layer);
  Pair pair = {sizes.in,    sizes.out, rank, options.dtype,
               alphaOfRank, false,     {},   {}};
  pair.a.resize(static_cast<size_t>(rank * sizes.in));
  pair.b.resize(static_cast<size_t>(rank * sizes.out));
  // A keeps the magnitude of its input, and B makes the delta about half as
  // large as the result of the experts' weights.
  fill(pair.a, placeOfA(place), 0, 1 / std::sqrt(double(sizes.in)));
  if (options.random)
    fill(pair.b, placeOfB(place), 1, 0.25 / std::sqrt(double(rank)));
  return pair;
}

/// Uniform and signed, with this deviation.
void Dummy::fill(std::vector<float> &data, const Place &place, uint64_t side,
                 double deviation) const {
  auto found = values.find(deviation);
  if (found == values.end())
    found =
        values
            .emplace(deviation, reference::RandomValues(
                                    options.dtype, MOELORA_F32,
                                    {0, deviation * reference::unitAmplitude}))
            .first;
  uint64_t stream = options.seed;
  for (uint64_t part : {uint64_t(place.site->layer), uint64_t(place.projection),
                        uint64_t(place.expert), side})
    stream = reference::mix(stream) + part;
  found->second.fill(data.data(), int64_t(data.size()), stream);
}

NewAdapter Dummy::make(const host::Progress &progress) const {
  NewAdapter made;
  host::ProgressCount count(progress, rankOf.size(), "layers made");
  PairSource source = [this](const Place &place) { return pair(place); };
  for (int32_t i = 0; i < target.sites; ++i) {
    if (!rankOf.count(target.site[i].layer))
      continue;
    writeLayer(target.site[i], source, options.form, options.dtype, Spelling(),
               made);
    count.advance();
  }
  made.config = plainConfig(options.ranks[0], alphaOfRank * options.ranks[0]);
  describeModules(made, target, {});
  return made;
}

host::AdapterHandle openDummy(const Dummy &dummy,
                              const moelora_adapter_target &target) {
  // The folder is deleted as soon as the adapter is open, because an adapter
  // keeps its file open.
  host::TemporaryFolder folder(
      host::TemporaryFolder::prefixIn("", "moelora-adapter"));
  dummy.make().write(folder.path());
  return host::openAdapter(folder.path(), target);
}

} // namespace moelora::adapters
