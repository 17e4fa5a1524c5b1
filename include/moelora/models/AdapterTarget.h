// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes the adapter target of a model: the layers and names to which adapters
// can bind.
#ifndef MOELORA_MODELS_ADAPTERTARGET_H
#define MOELORA_MODELS_ADAPTERTARGET_H

#include "moelora/models/Model.h"
#include "moelora/runtime/AdapterTarget.h"

namespace moelora::models {

/// Owns the data of a moelora_adapter_target. Independent of the model.
class AdapterTarget {
public:
  explicit AdapterTarget(const Model &model);

  /// Borrowed from this object.
  moelora_adapter_target get() const;

private:
  std::vector<moelora_adapter_site> sites;
  int32_t layers, predictionLayers;
};

} // namespace moelora::models

#endif // MOELORA_MODELS_ADAPTERTARGET_H
