/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Adapters of zeros, which have every pair that a target can have, and no
 * tensors.
 */
#include "adapter/Adapter.h"
#include "base/Sized.h"

#include <algorithm>

using namespace moelora;

namespace {

AdapterSite zerosOf(const moelora_adapter_site &site, int32_t rank) {
  AdapterSite zeros = {site.layer, site.experts, false, {}};
  uint64_t taken = takenProjections(site);
  for (int32_t projection = 0; projection < MOELORA_PROJECTIONS; ++projection) {
    if (!(taken >> projection & 1))
      continue;
    PairSizes sizes = pairSizes(site, projection);
    AdapterPair pair;
    pair.in = sizes.in;
    pair.out = sizes.out;
    pair.rank = rank;
    pair.scale = 1;
    bool routed = isRouted(projection);
    auto &pairs = zeros.pairs[static_cast<size_t>(projection)];
    // Experts that are always chosen have a place but no pair.
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
    KnownTarget known(target);
    expectThere(adapter, "a place for the adapter");
    if (rank < 1 || rank > maxAdapterRank)
      fail("expects the rank to be from 1 to " +
           std::to_string(maxAdapterRank) + ", but it is " +
           std::to_string(rank));
    std::shared_ptr<OpenAdapter> zeros(
        new OpenAdapter{CheckpointFiles(nullptr, 0), {}});
    zeros->binding.layers = known.get().layers;
    for (int32_t i = 0; i < known.get().sites; ++i)
      zeros->binding.sites.push_back(zerosOf(known.get().site[i], rank));
    *adapter = new moelora_adapter(std::move(zeros));
  });
}
