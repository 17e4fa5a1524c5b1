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

static const moelora_variant &variantOf(const moelora_artifact &artifact,
                                        const std::string &path) {
  const moelora_variant *variant = moelora_artifact_variant(&artifact, "cpu");
  if (!variant)
    throw Error(path + " was not compiled for cpu");
  return *variant;
}

static int numberOf(const moelora_artifact &artifact, const std::string &path,
                    int stated) {
  int number = stated >= 0 ? stated : artifact.first_layer;
  if (number < 0)
    throw Error(path + " was not compiled for a layer of a model; name one "
                       "with --layer=N");
  return number;
}

CompiledLayer::CompiledLayer(const std::string &path,
                             const std::string &modelPath, int stated)
    : file(load(path)), artifact(*moelora_artifact_of(file.get(), 0)),
      variant(variantOf(artifact, path)),
      number(numberOf(artifact, path, stated)), model(openModel(modelPath)) {
  if (!model.isMoe(number))
    throw Error("expects layer " + std::to_string(number) + " of " + modelPath +
                " to have experts, but it has none");
  callFor(path + ": ", moelora_artifact_match, &artifact, &model.layer(number));
}

} // namespace moelora::host
