/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Opens a model, binds its layers, and closes it.
 */
#include "model/ModelState.h"

#include "base/Failure.h"
#include "moelora/runtime/Artifact.h"
#include "moelora/runtime/Group.h"
#include "moelora/runtime/SlotStats.h"
#include "run/Match.h"

#include <algorithm>

using namespace moelora;

namespace {

/// Calls a function of the C interface and throws its error.
template <typename Function, typename... Arguments>
void must(Function function, Arguments... arguments) {
  moelora_error *error = nullptr;
  moelora_status status = function(arguments..., &error);
  if (status != MOELORA_OK)
    failWith(status, error);
}

models::Model load(const char *folder) {
  models::Result<models::Model> model = models::loadModel(folder);
  if (!model)
    fail(model.message());
  return *model;
}

struct CheckpointCloser {
  void operator()(moelora_checkpoint *checkpoint) const {
    moelora_checkpoint_close(checkpoint);
  }
};

} // namespace

moelora_model::moelora_model(const moelora_model_options &options)
    : device(*options.device), services(*options.services),
      group(options.group), weightsFrom(options.weights),
      config(load(options.folder)), sites(config), target(sites.get()),
      files(options.layers) {
  try {
    openLayers(options);
    fillWeights(options.folder);
  } catch (...) {
    unbind();
    throw;
  }
}

moelora_model::~moelora_model() { unbind(); }

void moelora_model::openLayers(const moelora_model_options &options) {
  for (int number : config.moeLayers()) {
    const moelora_artifact &artifact = files.artifactOf(number);
    must(moelora_artifact_match, &artifact, &config.layer(number));
    ModelLayer &layer = layers[number];
    layer.program = programOf(artifact, options.target);
    matchGroup(*moelora_program_variant(layer.program), group);
    layer.weights = ModelWeights(partOf(number));
  }
}

/// What this peer rank has of a layer.
models::Part moelora_model::partOf(int32_t number) const {
  const moelora_group_view *view = moelora_group_view_of(group);
  const moelora_program *program = layers.at(number).program;
  return view ? models::partOf(*moelora_program_variant(program),
                               view->coordinates)
              : models::Part();
}

moelora_program *moelora_model::programOf(const moelora_artifact &artifact,
                                          const char *targetName) {
  moelora_program *&program = programs[&artifact];
  if (!program)
    must(moelora_program_create, &artifact, targetName, &device, &services,
         &program);
  return program;
}

void moelora_model::fillWeights(const std::string &folder) {
  std::unique_ptr<moelora_checkpoint, CheckpointCloser> checkpoint;
  if (weightsFrom == MOELORA_WEIGHTS_READ) {
    moelora_checkpoint *opened = nullptr;
    must(moelora_checkpoint_open, folder.c_str(), &opened);
    checkpoint.reset(opened);
  }
  for (auto &[number, layer] : layers) {
    const moelora_variant &variant = *moelora_program_variant(layer.program);
    if (weightsFrom == MOELORA_WEIGHTS_READ)
      layer.weights.read(config, number, checkpoint.get(), variant, device);
    else if (weightsFrom == MOELORA_WEIGHTS_RANDOM)
      layer.weights.makeUp(config, number, variant, device, services);
  }
  readBytes = moelora_checkpoint_bytes_read(checkpoint.get());
}

void moelora_model::give(int32_t number, const moelora_memory &weight) {
  auto layer = layers.find(number);
  if (layer == layers.end())
    fail("expects the number of a layer with experts, but it is " +
         std::to_string(number));
  if (isBound)
    fail("expects weights to be given before the table is made");
  layer->second.weights.give(weight);
}

/// The facts that all layers share, because a table has one type, page order
/// and bound.
moelora_facts moelora_model::commonFacts() const {
  moelora_facts common = {};
  for (const auto &[number, layer] : layers) {
    const moelora_facts &facts =
        moelora_program_variant(layer.program)->adapters;
    if (common.slots == 0)
      common = facts;
    if (facts.slots == 0)
      fail("expects layers that take adapters, but layer " +
           std::to_string(number) + " was compiled without");
    if (facts.dtype != common.dtype || facts.page_order != common.page_order)
      fail("expects all layers to take adapters of one element type and page "
           "order, but layer " +
           std::to_string(number) + " takes others than the first one");
    common.slots = std::min(common.slots, facts.slots);
    common.max_rank = std::min(common.max_rank, facts.max_rank);
    common.shared_a |= facts.shared_a;
  }
  return common;
}

void moelora_model::makeTable(int32_t slots) {
  moelora_facts facts = commonFacts();
  if (slots < 0 || slots > facts.slots)
    fail("expects at most the " + std::to_string(facts.slots) +
         " slots that the layers were compiled for, but slots is " +
         std::to_string(slots));
  moelora_slot_table_options options = {};
  options.size = sizeof options;
  options.slots = slots ? slots : facts.slots;
  options.max_rank = facts.max_rank;
  options.dtype = facts.dtype;
  options.page_order = facts.page_order;
  options.shared_a = facts.shared_a;
  options.device = &device;
  options.target = &target;
  models::Part part = partOf(layers.begin()->first);
  options.tp_rank = static_cast<int32_t>(part.tp);
  options.tp_size = static_cast<int32_t>(part.tpSize);
  if (part.experts) {
    options.experts = part.experts->data();
    options.expert_count = static_cast<int32_t>(part.experts->size());
  }
  must(moelora_slot_table_create, &options, &table);
}

void moelora_model::bind(int32_t slots, bool adapters) {
  if (isBound)
    fail("expects the table to be made once, but it is there");
  try {
    if (adapters)
      makeTable(slots);
    for (auto &[number, layer] : layers) {
      moelora_binding binding = {};
      binding.size = sizeof binding;
      binding.layer = number;
      binding.weights = static_cast<uint32_t>(layer.weights.all().size());
      binding.weight = layer.weights.all().data();
      binding.table = table;
      binding.group = group;
      binding.expected = &config.layer(number);
      must(moelora_layer_bind, layer.program, &binding, &layer.bound);
    }
    isBound = true;
  } catch (...) {
    for (auto &[number, layer] : layers)
      moelora_layer_unbind(std::exchange(layer.bound, nullptr), nullptr);
    moelora_slot_table_destroy(std::exchange(table, nullptr), nullptr);
    throw;
  }
}

moelora_status moelora_model::release(moelora_error **error) {
  moelora_slot_table_stats stats = {};
  if (table)
    moelora_slot_table_read_stats(table, &stats, nullptr);
  if (stats.steps > 0)
    return report(error, MOELORA_BUSY,
                  "expects the steps of the model's table to be destroyed "
                  "first, but there are " +
                      std::to_string(stats.steps));
  return MOELORA_OK;
}

void moelora_model::unbind() noexcept {
  for (auto &[number, layer] : layers)
    moelora_layer_unbind(std::exchange(layer.bound, nullptr), nullptr);
  moelora_slot_table_destroy(std::exchange(table, nullptr), nullptr);
  for (auto &[artifact, program] : programs)
    moelora_program_destroy(std::exchange(program, nullptr), nullptr);
}

const moelora_bound_layer *moelora_model::layer(int32_t number) const {
  auto found = layers.find(number);
  return found == layers.end() ? nullptr : found->second.bound;
}

moelora_model_stats moelora_model::stats() const {
  moelora_model_stats stats = {};
  for (const auto &[number, layer] : layers)
    stats.weight_bytes += layer.weights.bytes();
  stats.read_bytes = readBytes;
  return stats;
}

uint64_t moelora_model::workspace(int64_t tokens) const {
  uint64_t most = 0;
  for (const auto &[number, layer] : layers)
    for (int32_t entry = 0; layer.bound && entry < MOELORA_ENTRIES; ++entry)
      most =
          std::max(most, moelora_layer_workspace(layer.bound, entry, tokens));
  return most;
}
