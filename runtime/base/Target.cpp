/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Reads and checks a target.
 */
#include "base/Target.h"

#include "base/Sized.h"

using namespace moelora;

namespace {

/// No known model has larger sizes. These limits prevent products from
/// overflowing.
constexpr int64_t maxExperts = 1 << 20, maxSize = int64_t(1) << 31;
constexpr int32_t maxLayers = 1 << 16;

void checkSite(const moelora_adapter_site &site, int32_t layers) {
  auto inside = [](int64_t value, int64_t low, int64_t high) {
    return value >= low && value <= high;
  };
  if (!site.names || !inside(site.layer, 0, layers - 1) ||
      !inside(site.experts, 1, maxExperts) ||
      !inside(site.logits, 0, maxExperts) ||
      !inside(site.zero_experts, 0, maxExperts) ||
      !inside(site.always, 0, site.experts - 1) ||
      !inside(site.hidden, 1, maxSize) || !inside(site.latent, 0, maxSize) ||
      !inside(site.intermediate, 1, maxSize) ||
      !inside(site.shared, 0, maxSize))
    fail("expects names, a layer below " + std::to_string(layers) +
         " and positive sizes of every site, but site of layer " +
         std::to_string(site.layer) + " has others");
}

/// Each site has a different layer.
void checkSites(const moelora_adapter_target &target) {
  std::vector<bool> seen(static_cast<size_t>(target.layers));
  for (int32_t i = 0; i < target.sites; ++i) {
    checkSite(target.site[i], target.layers);
    size_t layer = static_cast<size_t>(target.site[i].layer);
    if (seen[layer])
      fail("expects one site for each layer, but layer " +
           std::to_string(layer) + " has two");
    seen[layer] = true;
  }
}

} // namespace

KnownTarget::KnownTarget(const moelora_adapter_target *given)
    : target(readSized(
          given,
          MOELORA_SIZE_THROUGH(moelora_adapter_target, prediction_layers),
          "a target")) {
  if (target.sites < 1 || !target.site)
    fail("expects a model with MoE layers to bind an adapter to");
  constexpr uint32_t least =
      MOELORA_SIZE_THROUGH(moelora_adapter_site, reserved);
  sites = readSizedArray(target.site, static_cast<uint64_t>(target.sites),
                         least, "a site");
  target.site = sites.data();
  if (target.layers < 1 || target.layers > maxLayers ||
      target.prediction_layers < 0 || target.prediction_layers > maxLayers)
    fail("expects a model to have from 1 to " + std::to_string(maxLayers) +
         " layers, and as many for prediction at most, but it has " +
         std::to_string(target.layers) + " and " +
         std::to_string(target.prediction_layers));
  checkSites(target);
}
