// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/host/CompiledLayer.h"

namespace moelora::host {

models::Model openModel(const std::string &path) {
  models::Result<models::Model> model = models::loadModel(path);
  if (!model)
    throw Error(model.message());
  return *model;
}

static moelora_artifact_file *load(const std::string &path) {
  moelora_artifact_file *loaded = nullptr;
  call(moelora_artifact_load, path.c_str(), &loaded);
  return loaded;
}

static int checkedNumber(const moelora_artifact &artifact,
                         const std::string &path, const models::Model &model,
                         const std::string &modelPath, int stated) {
  int number = stated >= 0 ? stated : artifact.first_layer;
  if (number < 0)
    throw Error(path + " was not compiled for a layer of a model; name one "
                       "with --layer=N");
  if (!model.isMoe(number))
    throw Error("expects layer " + std::to_string(number) + " of " + modelPath +
                " to have experts, but it has none");
  callFor(path + ": ", moelora_artifact_match, &artifact, &model.layer(number));
  return number;
}

static moelora_program *makeProgram(const moelora_artifact &artifact,
                                    const std::string &path,
                                    const Target &target) {
  moelora_program *made = nullptr;
  const char *any = nullptr;
  if (target.device)
    callFor(path + ": ", moelora_program_create, &artifact, any, target.device,
            &target.services, &made);
  return made;
}

CompiledLayer::CompiledLayer(const std::string &path,
                             const std::string &modelPath, const Target &target,
                             int stated)
    : target(target), file(load(path)),
      artifact(*moelora_artifact_of(file.get(), 0)),
      model(openModel(modelPath)),
      number(checkedNumber(artifact, path, model, modelPath, stated)),
      program(makeProgram(artifact, path, target)),
      variant(program ? *moelora_program_variant(program.get())
                      : artifact.variant[0]) {}

} // namespace moelora::host
