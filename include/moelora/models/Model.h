// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What config.json says of a model's MoE layers, completed by what it does not
// say: the semantics that are fixed per family. One description per layer
// number, because families may vary them from layer to layer.
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
  /// The family's name, as config.json spells it: "qwen3_moe".
  const std::string &modelType() const { return type; }
  /// Why the layers may not be what the model's own code computes; "" when
  /// nothing tells of it.
  const std::string &warning() const { return warningText; }
  /// Number of layers, dense ones included.
  int layers() const { return static_cast<int>(descriptionOf.size()); }
  /// Layers that predict further tokens, which checkpoints number behind those.
  int predictionLayers() const { return predictions; }
  /// The type that config.json states under `dtype` or `torch_dtype`, bfloat16
  /// where it states none: that is what the families are published in.
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

  /// Of an equal description, or of a new one.
  int indexOf(const moelora_layer &layer);
};

/// Reads a model folder's config.json, or that file itself, and then calls
/// adoptRouterTypes() for the folder. Unknown families,
/// values that the family table cannot express, and malformed or contradictory
/// files are refused in words that name the key and its value.
Result<Model> loadModel(const std::string &path);

/// The same from the text of a config.json; `origin` names it in messages.
Result<Model> parseModel(const std::string &text, const std::string &origin);

/// Gives each layer a router of f32 where the weights in `folder` have it in
/// another type than the layer's, so that whoever compiles, runs or binds the
/// model agrees. Without weights nothing changes.
void adoptRouterTypes(Model &model, const std::string &folder);

/// The `model_type` of every family that can be imported, sorted.
std::vector<std::string> supportedFamilies();

} // namespace moelora::models

#endif // MOELORA_MODELS_MODEL_H
