// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One site per MoE layer.

#include "Family.h"

#include "moelora/models/AdapterTarget.h"

namespace moelora::models {

static moelora_adapter_site siteOf(const Model &model, int number) {
  const moelora_layer &layer = model.layer(number);
  moelora_adapter_site site = {};
  site.layer = number;
  site.experts = layer.router.experts;
  site.hidden = layer.hidden;
  site.intermediate = layer.intermediate;
  site.shared = layer.shared;
  site.gated = layer.activation.gated;
  site.names = &model.family().names;
  return site;
}

AdapterTarget::AdapterTarget(const Model &model) : layers(model.layers()) {
  for (int number : model.moeLayers())
    sites.push_back(siteOf(model, number));
}

moelora_adapter_target AdapterTarget::get() const {
  return {sites.data(), static_cast<int32_t>(sites.size()), layers};
}

} // namespace moelora::models
