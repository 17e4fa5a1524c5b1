// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which layers of a model have experts.
#ifndef MOELORA_LIB_MODELS_LAYERRULES_H
#define MOELORA_LIB_MODELS_LAYERRULES_H

#include "Config.h"
#include "Family.h"

namespace moelora::models {

/// Far above every published model.
inline constexpr int64_t maxLayers = 1 << 12;

enum class LayerKind {
  Dense,
  Moe,
  Hash, // with experts that are chosen by a table of token ids
};

/// One entry per layer of the model. config.failure() has the error, if any.
std::vector<LayerKind> readLayerKinds(Config &config, const Family &family);

} // namespace moelora::models

#endif // MOELORA_LIB_MODELS_LAYERRULES_H
