// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An artifact, and the layer of a model that it is run for.
#ifndef MOELORA_HOST_COMPILEDLAYER_H
#define MOELORA_HOST_COMPILEDLAYER_H

#include "moelora/host/Handles.h"
#include "moelora/models/Model.h"

namespace moelora::host {

/// Reads a model folder or a config.json, or throws what is wrong with it.
models::Model openModel(const std::string &path);

/// Loads an artifact for the cpu, and throws unless it was compiled for what
/// the model says about the layer.
struct CompiledLayer {
  /// `number` -1: the layer that it was compiled for.
  CompiledLayer(const std::string &path, const std::string &modelPath,
                int number = -1);

  const ArtifactHandle file;
  const moelora_artifact &artifact;
  const moelora_variant &variant;
  const int number;
  const models::Model model;
};

} // namespace moelora::host

#endif // MOELORA_HOST_COMPILEDLAYER_H
