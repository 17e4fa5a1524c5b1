// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The descriptions of a model's MoE layers, from config.json and from the
// properties that are fixed per family. There is one description per layer
// number, because the layers of a model may differ.
#ifndef MOELORA_MODELS_MODEL_H
#define MOELORA_MODELS_MODEL_H

#include "moelora/models/Result.h"
#include "moelora/runtime/Layer.h"

#include <cstdint>
#include <string>
#include <vector>

namespace moelora::models {

struct Family;

/// Immutable once loaded; copies are cheap and independent.
class Model {
public:
  /// The family's name as in config.json, such as "qwen3_moe".
  const std::string &modelType() const { return type; }
  /// The reason why the model's own code may compute other layers; "" if there
  /// is none.
  const std::string &warning() const { return warningText; }
  /// The number of layers, including dense ones.
  int layers() const { return static_cast<int>(descriptionOf.size()); }
  /// The number of layers that predict further tokens. Checkpoints number them
  /// after the others.
  int predictionLayers() const { return predictions; }
  /// The type that config.json states under `dtype` or `torch_dtype`, or
  /// bfloat16 if it states none, because the families are published in this
  /// type.
  moelora_dtype dtype() const { return elementType; }

  /// False for dense layers and for numbers outside [0, layers()).
  bool isMoe(int layer) const;
  /// A loaded model has at least one MoE layer.
  int firstMoeLayer() const;
  std::vector<int> moeLayers() const;
  /// Requires isMoe(layer).
  const moelora_layer &layer(int layer) const;
  /// The lowest layer number of every different description, ascending.
  std::vector<int> distinctLayers() const;

  const Family &family() const { return *row; }

private:
  friend class ModelBuilder;
  friend class RouterTypes;

  std::string type, warningText;
  int predictions = 0;
  moelora_dtype elementType = MOELORA_BF16;
  const Family *row = nullptr;
  std::vector<moelora_layer> descriptions; // different from each other
  std::vector<int> descriptionOf;          // by layer number; -1: dense

  /// The index of an equal description, or of a new one.
  int indexOf(const moelora_layer &layer);
};

/// Reads a model folder's config.json, or that file itself, and then calls
/// adoptRouterTypes() for the folder. Refuses unknown families, values that the
/// family table cannot express, and malformed or contradictory files, with a
/// message that names the key and its value.
Result<Model> loadModel(const std::string &path);

/// The same from the text of a config.json, which messages call `origin`.
Result<Model> parseModel(const std::string &text, const std::string &origin);

/// Gives each layer an f32 router if the weights in `folder` store it in
/// another type than the layer's, so that compiling, running and binding the
/// model agree. Has no effect if there are no weights.
void adoptRouterTypes(Model &model, const std::string &folder);

/// The `model_type` of every family that can be imported, sorted.
std::vector<std::string> supportedFamilies();

} // namespace moelora::models

#endif // MOELORA_MODELS_MODEL_H
