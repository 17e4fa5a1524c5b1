/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * `make-dummy`: an adapter of the size of real ones, to warm an engine up.
 */
#include "Commands.h"
#include "Config.h"
#include "Forms.h"
#include "Progress.h"

#include "moelora/models/AdapterTarget.h"
#include "moelora/reference/Number.h"

#include <cmath>
#include <random>

namespace moelora::tool {

namespace {

/// Twice the rank, so that the scale is not the 1 that hides mistakes.
constexpr int32_t alphaOfRank = 2;

constexpr int32_t standardRank = 16; // one page
constexpr int32_t mostRank = 65536;  // that is read back

class Dummy {
public:
  Dummy(const Options &options, const models::Model &model)
      : options(options), names(model), target(names.get()) {
    packed = options.form == "packed";
    dtype = options.dtype.empty() ? static_cast<int32_t>(model.dtype())
                                  : dtypeOf(options.dtype);
    if (!options.ranks.empty())
      ranks = parseNumbers("--rank", options.ranks, false);
    for (int32_t rank : ranks)
      if (rank < 1 || rank > mostRank)
        throw WrongUsage{"expects --rank to be from 1 to " +
                         std::to_string(mostRank) + ", but it is " +
                         std::to_string(rank)};
    if (!options.seed.empty())
      seed = parseNumbers("--seed", options.seed, false)[0];
    chooseLayers();
  }

  void run() {
    announce();
    Form form = packed ? Form::Natural : Form::PerExpert;
    PairSource source = [this](const Place &place) { return make(place); };
    Progress progress(rankOf.size(), "layers made");
    for (int32_t i = 0; i < target.sites; ++i) {
      if (!rankOf.count(target.site[i].layer))
        continue;
      writeLayer(target.site[i], source, form, dtype, Spelling(), result);
      progress.advance();
    }
    result.config = plainConfig(ranks[0], alphaOfRank * ranks[0]);
    describeModules(result, target, {});
    const std::string &folder = options.adapters[0].folder;
    Written written = writeCompared(result, folder, target, form, source);
    std::printf("wrote %s: %zu tensors, %llu pairs that bind\n", folder.c_str(),
                result.tensors(),
                static_cast<unsigned long long>(written.pairs));
  }

private:
  void chooseLayers() {
    std::vector<int32_t> asked;
    if (!options.layers.empty())
      asked = parseNumbers("--layers", options.layers, true);
    std::set<int32_t> left(asked.begin(), asked.end());
    for (int32_t i = 0; i < target.sites; ++i) {
      int32_t layer = target.site[i].layer;
      if (left.erase(layer) || asked.empty())
        rankOf.emplace(layer, ranks[rankOf.size() % ranks.size()]);
    }
    if (!left.empty())
      throw Refusal{"expects --layers to name MoE layers, but layer " +
                    std::to_string(*left.begin()) + " is none"};
  }

  struct Sizes {
    int64_t in, out;
  };
  static Sizes sizesOf(const Place &place) {
    const moelora_adapter_site &site = *place.site;
    int64_t width = site.latent ? site.latent : site.hidden;
    if (place.projection == MOELORA_DOWN)
      return {site.intermediate, width};
    return {width, site.intermediate};
  }

  /// Whether a dummy has a pair there.
  bool isWanted(const Place &place) const {
    const moelora_adapter_site &site = *place.site;
    return place.projection <= MOELORA_DOWN &&
           (site.gated || place.projection != MOELORA_GATE) &&
           place.expert < site.experts - site.always &&
           rankOf.count(site.layer);
  }

  /// Says how much is to be written, and refuses what memory cannot hold.
  void announce() const {
    double elements = 0;
    forEachPlace(target, [&](const Place &place) {
      if (!isWanted(place))
        return;
      Sizes sizes = sizesOf(place);
      bool sharesA = packed && place.projection == MOELORA_GATE;
      elements += double(rankOf.at(place.site->layer)) *
                  double((sharesA ? 0 : sizes.in) + sizes.out);
    });
    double bytes = elements * double(moelora_dtype_bytes(dtype));
    double memory =
        double(::sysconf(_SC_PHYS_PAGES)) * double(::sysconf(_SC_PAGE_SIZE));
    if (bytes > memory)
      throw Refusal{"expects the adapter to fit into memory, but it has " +
                    sizeText(bytes) + " and the machine " + sizeText(memory)};
    std::printf("%s: %zu MoE layers, %s of values\n",
                options.adapters[0].name.c_str(), rankOf.size(),
                sizeText(bytes).c_str());
  }

  std::optional<Pair> make(const Place &place) const {
    if (!isWanted(place))
      return std::nullopt;
    Sizes sizes = sizesOf(place);
    int32_t rank = rankOf.at(place.site->layer);
    Pair pair = {sizes.in, sizes.out, rank, dtype, alphaOfRank, false, {}, {}};
    pair.a.resize(static_cast<size_t>(rank * sizes.in));
    pair.b.resize(static_cast<size_t>(rank * sizes.out));
    // Gate and up share A in a packed file.
    bool up = place.projection == MOELORA_UP;
    Place ofA = place;
    if (packed && up && place.site->gated)
      ofA.projection = MOELORA_GATE;
    // A keeps the size of what it reads; B brings the delta to about a half of
    // what the experts' own weights make of it.
    fill(pair.a, ofA, 0, 1 / std::sqrt(double(sizes.in)));
    if (options.random)
      fill(pair.b, place, 1, 0.25 / std::sqrt(double(rank)));
    return pair;
  }

  /// Uniform and signed, with this deviation; the same on every machine.
  void fill(std::vector<float> &values, const Place &place, uint32_t side,
            double deviation) const {
    std::seed_seq seeds = {static_cast<uint32_t>(seed),
                           static_cast<uint32_t>(place.site->layer),
                           static_cast<uint32_t>(place.projection),
                           static_cast<uint32_t>(place.expert), side};
    std::mt19937 engine(seeds);
    constexpr double half = 2147483648.0; // of the engine's range
    double amplitude = deviation * std::sqrt(3.0);
    for (float &value : values)
      value = static_cast<float>(
          reference::roundTo(static_cast<moelora_dtype>(dtype),
                             amplitude * (double(engine()) / half - 1)));
  }

  const Options &options;
  models::AdapterTarget names;
  moelora_adapter_target target;
  bool packed = false;
  int32_t dtype = 0, seed = 0;
  std::vector<int32_t> ranks = {standardRank};
  std::map<int32_t, int32_t> rankOf; ///< by layer that gets pairs
  NewAdapter result;
};

} // namespace

bool makeDummy(const Options &options, const models::Model &model) {
  checkVacant(options.adapters[0].folder, options.force);
  Dummy(options, model).run();
  return true;
}

} // namespace moelora::tool
