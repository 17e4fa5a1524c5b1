// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One site per MoE layer.

#include "Family.h"

#include "moelora/models/AdapterTarget.h"

#include <cstring>

namespace moelora::models {

/// Packed adapters have the rows of the module's parameter, which has the name
/// of the family's last form. Earlier forms may occur in files only.
static bool isInterleaved(const Forms &forms) {
  const char *layout = "";
  for (const Stored &form : forms.forms)
    layout = form.layout ? form.layout : layout;
  return std::strstr(layout, "rs") != nullptr;
}

/// All forms in which libraries store the packed parameter.
static int32_t storageOf(const Forms &forms) {
  int32_t storage = 0;
  for (const Stored &form : forms.forms)
    if (form.layout)
      storage |= std::strchr(form.layout, 'c') < std::strchr(form.layout, 'r')
                     ? MOELORA_STORED_IN_OUT
                     : MOELORA_STORED_OUT_IN;
  return storage;
}

static moelora_adapter_site siteOf(const Model &model, int number) {
  const moelora_layer &layer = model.layer(number);
  moelora_adapter_site site = {};
  site.size = sizeof site;
  site.layer = number;
  site.experts = layer.router.experts - layer.zero_experts;
  site.always = layer.router.always;
  site.logits = layer.router.experts;
  site.zero_experts = layer.zero_experts;
  site.hidden = layer.hidden;
  site.latent = layer.latent;
  site.intermediate = layer.intermediate;
  site.shared = layer.shared;
  site.gated = layer.activation.gated;
  site.interleaved = isInterleaved(model.family().storage.gateUp);
  site.names = &model.family().names;
  site.storage = storageOf(model.family().storage.gateUp);
  return site;
}

AdapterTarget::AdapterTarget(const Model &model)
    : layers(model.layers()), predictionLayers(model.predictionLayers()) {
  for (int number : model.moeLayers())
    sites.push_back(siteOf(model, number));
}

moelora_adapter_target AdapterTarget::get() const {
  moelora_adapter_target target = {};
  target.size = sizeof target;
  target.sites = static_cast<int32_t>(sites.size());
  target.site = sites.data();
  target.layers = layers;
  target.prediction_layers = predictionLayers;
  return target;
}

} // namespace moelora::models
