/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The sizes of a model's layers, and the comparison of adapters with them.
 */
#include "pages/TableTarget.h"

#include "adapter/AdapterName.h"
#include "base/Failure.h"
#include "base/Target.h"

#include <algorithm>

using namespace moelora;

namespace {

std::string shown(PairSizes sizes) {
  return std::to_string(sizes.in) + " inputs and " + std::to_string(sizes.out) +
         " outputs";
}

bool isBelow(const TableTarget::Site &site, int32_t layer) {
  return site.sizes.layer < layer;
}

} // namespace

const char *moelora::projectionName(int32_t projection) {
  static const char *const names[MOELORA_PROJECTIONS] = {
      "gate",      "up",          "down",         "router",    "shared gate",
      "shared up", "shared down", "shared score", "latent in", "latent out"};
  return names[projection];
}

TableTarget::TableTarget(const moelora_adapter_target *target) {
  if (!target)
    fail("expects a slot table to have a target, but it is null");
  KnownTarget known(target);
  count = known.get().layers;
  for (int32_t i = 0; i < known.get().sites; ++i) {
    const moelora_adapter_site &site = known.get().site[i];
    sites.push_back({site, takenProjections(site)});
    sites.back().sizes.names = nullptr;
  }
  std::sort(sites.begin(), sites.end(), [](const Site &a, const Site &b) {
    return a.sizes.layer < b.sizes.layer;
  });
}

const TableTarget::Site *TableTarget::find(int32_t layer) const {
  auto found = std::lower_bound(sites.begin(), sites.end(), layer, isBelow);
  return found == sites.end() || found->sizes.layer != layer ? nullptr
                                                             : &*found;
}

void TableTarget::check(const AdapterBinding &binding) const {
  if (binding.layers != count)
    fail("expects an adapter of a model with " + std::to_string(count) +
         " layers, as the slot table's, but it is of one with " +
         std::to_string(binding.layers));
}

void TableTarget::check(const AdapterSite &site) const {
  std::string layer = "layer " + std::to_string(site.layer);
  const Site *own = find(site.layer);
  if (!own)
    fail("expects an adapter of layers that the slot table's model has experts "
         "in, but " +
         layer + " has none");
  if (site.experts != own->sizes.experts)
    fail("expects " + layer + " of an adapter to have the " +
         std::to_string(own->sizes.experts) +
         " experts of the slot table's model, but it has " +
         std::to_string(site.experts));
  for (int32_t p = 0; p < MOELORA_PROJECTIONS; ++p) {
    PairSizes wanted = pairSizes(own->sizes, p);
    for (const AdapterPair &pair : site.pairs[static_cast<size_t>(p)])
      if (pair.rank > 0 && (pair.in != wanted.in || pair.out != wanted.out))
        fail("expects the " + std::string(projectionName(p)) + " pair of " +
             layer + " to have the " + shown(wanted) +
             " of the slot table's model, but it has " +
             shown({pair.in, pair.out}));
  }
}
