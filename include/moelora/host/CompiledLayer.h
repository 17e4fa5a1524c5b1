// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An artifact, and the layer of a model that it is run for.
#ifndef MOELORA_HOST_COMPILEDLAYER_H
#define MOELORA_HOST_COMPILEDLAYER_H

#include "moelora/host/Handles.h"
#include "moelora/models/Model.h"

namespace moelora::host {

/// Reads a model from a folder or a config.json. Throws an Error if it is
/// invalid.
models::Model openModel(const std::string &path);

/// An artifact that is loaded for the cpu, and that matches a layer of a model.
struct CompiledLayer {
  /// Loads the artifact and reads the model. A `number` of -1 stands for the
  /// layer that the artifact was compiled for. Throws an Error if the artifact
  /// has no variant for the cpu, or was not compiled for a layer with the
  /// properties that the model states.
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
