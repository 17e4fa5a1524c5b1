/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The C interface of models.
 */
#include "base/Sized.h"
#include "model/ModelState.h"
#include "moelora/runtime/Execute.h"

using namespace moelora;

namespace {

/// The options with all defaults filled in. `services` provides storage for
/// those of one thread.
moelora_model_options complete(const moelora_model_options *given,
                               moelora_services &services) {
  auto options = readSized<moelora_model_options>(
      given, sizeof(moelora_model_options), "options");
  if (!options.folder || !options.layers)
    fail(
        "expects the folder of a model and a place of compiled layers, but one "
        "of them is NULL");
  if (options.weights < MOELORA_WEIGHTS_READ ||
      options.weights > MOELORA_WEIGHTS_RANDOM)
    fail("expects weights to be read (0), given (1) or random (2), but it is " +
         std::to_string(options.weights));
  if (!options.device)
    options.device = moelora_device_cpu();
  if (!options.services) {
    moelora_services_init(nullptr, &services);
    options.services = &services;
  }
  return options;
}

} // namespace

moelora_status moelora_model_open(const moelora_model_options *options,
                                  moelora_model **model,
                                  moelora_error **error) {
  return guarded(error, [&] {
    expectThere(model, "a place for the model");
    moelora_services services = {};
    *model = new moelora_model(complete(options, services));
  });
}

moelora_status moelora_model_close(moelora_model *model,
                                   moelora_error **error) {
  if (error)
    *error = nullptr;
  if (!model)
    return MOELORA_OK;
  moelora_status status = model->release(error);
  if (status == MOELORA_OK)
    delete model;
  return status;
}

moelora_status moelora_model_give(moelora_model *model, int32_t layer,
                                  const moelora_memory *weight,
                                  moelora_error **error) {
  return guarded(error, [&] {
    expectThere(model, "a model");
    model->give(layer, readSized<moelora_memory>(weight, sizeof(moelora_memory),
                                                 "a weight"));
  });
}

moelora_status moelora_model_table(moelora_model *model, int32_t slots,
                                   moelora_slot_table **table,
                                   moelora_error **error) {
  return guarded(error, [&] {
    expectThere(model, "a model");
    model->bind(slots, table != nullptr);
    if (table)
      *table = model->table;
  });
}

moelora_status moelora_model_step(moelora_model *model, int64_t max_tokens,
                                  moelora_step **step, moelora_error **error) {
  return guarded(error, [&] {
    expectThere(model, "a model");
    expectThere(step, "a place for the step");
    if (!model->table)
      fail("expects the model's table to be made first, but it is not there");
    moelora_error *why = nullptr;
    moelora_status status = moelora_step_create(
        model->table, model->anyProgram(), max_tokens, step, &why);
    if (status != MOELORA_OK)
      failWith(status, why);
  });
}

moelora_status moelora_model_read_stats(const moelora_model *model,
                                        moelora_model_stats *stats,
                                        moelora_error **error) {
  constexpr uint32_t least =
      MOELORA_SIZE_THROUGH(moelora_model_stats, read_bytes);
  return guarded(error, [&] {
    expectThere(model, "a model");
    writeSized(stats, model->stats(), least, "the stats of a model");
  });
}

const moelora_adapter_target *moelora_model_target(const moelora_model *model) {
  return model ? &model->target : nullptr;
}

int32_t moelora_model_layers(const moelora_model *model) {
  return model ? model->target.layers : -1;
}

int64_t moelora_model_hidden(const moelora_model *model) {
  return model ? model->config.layer(model->config.firstMoeLayer()).hidden : -1;
}

const moelora_bound_layer *moelora_model_layer(const moelora_model *model,
                                               int32_t number) {
  return model ? model->layer(number) : nullptr;
}

uint64_t moelora_model_workspace(const moelora_model *model, int64_t tokens) {
  return model ? model->workspace(tokens) : 0;
}
