/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Adapters of zeros: every pair that a target takes, and no tensor behind it.
 */
#include "adapter/AdapterFiles.h"
#include "base/Sized.h"

#include <algorithm>

using namespace moelora;

namespace {

/// Whether files may have pairs of a projection here.
struct Taken {
  bool taken;
  moelora_projection projection;
};

/// What AdapterName.cpp finds by name, said by projection.
std::array<Taken, MOELORA_PROJECTIONS>
takenBy(const moelora_adapter_site &site) {
  const moelora_adapter_names &names = *site.names;
  bool gated = site.gated != 0, latent = site.latent > 0;
  bool routed = names.experts || names.packed_modules;
  bool shared = site.shared > 0 && names.shared;
  bool both = gated && names.shared_gate_up;
  return {
      {{routed && gated, MOELORA_GATE},
       {routed, MOELORA_UP},
       {routed, MOELORA_DOWN},
       {names.router != nullptr, MOELORA_ROUTER},
       {shared && ((gated && names.shared_gate) || both), MOELORA_SHARED_GATE},
       {shared && (names.shared_up || both), MOELORA_SHARED_UP},
       {shared && names.shared_down, MOELORA_SHARED_DOWN},
       {site.shared > 0 && names.shared_score, MOELORA_SHARED_SCORE},
       {latent && names.latent_in, MOELORA_LATENT_IN},
       {latent && names.latent_out, MOELORA_LATENT_OUT}}};
}

AdapterSite zerosOf(const moelora_adapter_site &site, int32_t rank) {
  AdapterSite zeros = {site.layer, site.experts, false, {}};
  for (const Taken &taken : takenBy(site)) {
    if (!taken.taken)
      continue;
    PairSizes sizes = pairSizes(site, taken.projection);
    AdapterPair pair;
    pair.in = sizes.in;
    pair.out = sizes.out;
    pair.rank = rank;
    pair.scale = 1;
    bool routed = isRouted(taken.projection);
    auto &pairs = zeros.pairs[static_cast<size_t>(taken.projection)];
    // Experts that are always chosen have a place and take no pair.
    pairs.resize(routed ? static_cast<size_t>(site.experts) : 1);
    std::fill_n(pairs.begin(), routed ? namedExperts(site) : 1, pair);
  }
  return zeros;
}

} // namespace

moelora_status moelora_adapter_make_dummy(const moelora_adapter_target *target,
                                          int32_t rank,
                                          moelora_adapter **adapter,
                                          moelora_error **error) {
  return guarded(error, [&] {
    expectThere(target, "a target");
    expectThere(adapter, "a place for the adapter");
    if (rank < 1 || rank > maxAdapterRank)
      fail("expects the rank to be from 1 to " +
           std::to_string(maxAdapterRank) + ", but it is " +
           std::to_string(rank));
    AdapterNames checked(*target);
    std::shared_ptr<OpenAdapter> zeros(
        new OpenAdapter{CheckpointFiles(nullptr, 0), {}});
    zeros->binding.layers = target->layers;
    for (int32_t i = 0; i < target->sites; ++i)
      zeros->binding.sites.push_back(zerosOf(target->site[i], rank));
    *adapter = new moelora_adapter(std::move(zeros));
  });
}
