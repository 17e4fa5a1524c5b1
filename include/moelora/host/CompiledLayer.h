// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An artifact, and the layer of a model that it is run for.
#ifndef MOELORA_HOST_COMPILEDLAYER_H
#define MOELORA_HOST_COMPILEDLAYER_H

#include "moelora/host/Handles.h"
#include "moelora/models/Model.h"
#include "moelora/runtime/Program.h"

namespace moelora::host {

/// Reads a model from a folder or a config.json. Throws an Error if it is
/// invalid.
models::Model openModel(const std::string &path);

inline void endProgram(moelora_program *program) {
  moelora_program_destroy(program, nullptr);
}

/// Where a layer runs. Borrows everything.
struct Target {
  const moelora_device *device; ///< NULL: nowhere; only its description is read
  const moelora_services &services;
};

/// An artifact that is loaded for a device, and that matches a layer of a
/// model.
struct CompiledLayer {
  /// Loads the artifact and reads the model. A `number` of -1 stands for the
  /// layer that the artifact was compiled for. Throws an Error if the artifact
  /// has no variant for the device, or was not compiled for a layer with the
  /// properties that the model states.
  CompiledLayer(const std::string &path, const std::string &modelPath,
                const Target &target, int number = -1);

  const Target target;
  const ArtifactHandle file;
  const moelora_artifact &artifact;
  const models::Model model;
  const int number;
  const Handle<moelora_program, endProgram> program; ///< NULL without a device
  const moelora_variant &variant; ///< of the program, or the first one
};

} // namespace moelora::host

#endif // MOELORA_HOST_COMPILEDLAYER_H
