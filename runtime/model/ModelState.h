/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The state of a model of the C interface.
 */
#ifndef MOELORA_RUNTIME_MODELSTATE_H
#define MOELORA_RUNTIME_MODELSTATE_H

#include "model/LayerFiles.h"
#include "model/ModelWeights.h"
#include "moelora/models/AdapterTarget.h"
#include "moelora/runtime/Model.h"

#include <map>

namespace moelora {

/// One MoE layer of a model, or a part of it. The model owns the objects to
/// which it is bound.
struct ModelLayer {
  moelora_program *program = nullptr;
  ModelWeights weights;
  moelora_bound_layer *bound = nullptr;
};

} // namespace moelora

/// Destroys its members in the order: bound layers, table, programs, artifacts.
struct moelora_model {
  /// `options` must be complete, with a device and services.
  explicit moelora_model(const moelora_model_options &options);
  ~moelora_model();

  void give(int32_t layer, const moelora_memory &weight);
  /// Creates the table, if requested, and binds all layers. Called once.
  void bind(int32_t slots, bool adapters);
  /// Destroys the table, or returns why it cannot.
  moelora_status release(moelora_error **error);

  /// The program of one of the layers, with which steps resolve ids.
  moelora_program *anyProgram() const { return layers.begin()->second.program; }
  const moelora_bound_layer *layer(int32_t number) const;
  uint64_t workspace(int64_t tokens) const;
  moelora_model_stats stats() const;

  const moelora_device &device;
  const moelora_services services;
  moelora_group *const group;
  const int32_t weightsFrom;
  const moelora::models::Model config;
  const moelora::models::AdapterTarget sites;
  const moelora_adapter_target target;
  moelora_slot_table *table = nullptr;
  bool isBound = false;

private:
  void openLayers(const moelora_model_options &options);
  moelora::models::Part partOf(int32_t number) const;
  moelora_program *programOf(const moelora_artifact &artifact,
                             const char *target);
  void fillWeights(const std::string &folder);
  void makeTable(int32_t slots);
  moelora_facts commonFacts() const;
  void unbind() noexcept;

  moelora::LayerFiles files;
  std::map<const moelora_artifact *, moelora_program *> programs;
  std::map<int32_t, moelora::ModelLayer> layers; ///< by number
  uint64_t readBytes = 0;
};

#endif // MOELORA_RUNTIME_MODELSTATE_H
