/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A whole model: its configuration, the artifacts of its MoE layers, their
 * weights, the slot table for all of them, and the bound layers that an engine
 * runs.
 *
 *     open    config.json, artifacts of this device, weights read into place
 *     give    an engine's own weights, by pointer, where it has them
 *     table   the slot table; from here on the layers are bound
 *     step    for each forward pass that may be under way at once
 *
 * A model is changed by one thread at a time; once its table is made, any
 * number of threads may use its layers, its table and its target.
 */
#ifndef MOELORA_RUNTIME_MODEL_H
#define MOELORA_RUNTIME_MODEL_H

#include "moelora/runtime/AdapterTarget.h"
#include "moelora/runtime/Run.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct moelora_model moelora_model;

/* Where weights come from. */
typedef enum moelora_model_weights {
  MOELORA_WEIGHTS_READ = 0,   /* from the folder's safetensors */
  MOELORA_WEIGHTS_GIVEN = 1,  /* by moelora_model_give, all of them */
  MOELORA_WEIGHTS_RANDOM = 2, /* signed, made up, the same each time: to measure
                                 a model whose weights are not at hand */
} moelora_model_weights;

/* Whatever it points to must outlive the model, but for the texts. */
typedef struct moelora_model_options {
  uint32_t size;
  int32_t weights;    /* moelora_model_weights */
  const char *folder; /* of the model: config.json, and weights to be read */
  const char *layers; /* what moelora-compile --all-layers wrote, or a single
                         artifact that serves all layers */
  const char *target; /* the variant; NULL: the first that the device takes */
  const moelora_device *device;     /* NULL: the cpu */
  const moelora_services *services; /* NULL: one thread */
  moelora_group *group;             /* NULL */
} moelora_model_options;

/* Reads the configuration, loads and checks the artifacts, makes programs of
 * them, and reads weights once, straight into place where the host sees the
 * device's memory. An artifact that is compiled for another layer than the
 * configuration describes is refused. The caller closes *model. */
MOELORA_API moelora_status
moelora_model_open(const moelora_model_options *options, moelora_model **model,
                   moelora_error **error);

/* Unbinds the layers and ends the table. BUSY, and nothing is changed, while
 * steps of the table are there. NULL is fine. */
MOELORA_API moelora_status moelora_model_close(moelora_model *model,
                                               moelora_error **error);

/* A weight of an engine's own, used where it lies; `weight` is copied, its
 * memory must outlive the model. Replaces what was read or given before;
 * INVALID once the layers are bound. What it must look like is checked then. */
MOELORA_API moelora_status moelora_model_give(moelora_model *model,
                                              int32_t layer,
                                              const moelora_memory *weight,
                                              moelora_error **error);

/* Binds all MoE layers, to a new slot table of so many slots, which is borrowed
 * from the model. `slots` 0: as many as the artifacts take. `table` NULL: the
 * layers get no adapters. Once. */
MOELORA_API moelora_status moelora_model_table(moelora_model *model,
                                               int32_t slots,
                                               moelora_slot_table **table,
                                               moelora_error **error);

/* A step of the model's table for batches of at most so many tokens. The caller
 * destroys it before the model is closed. */
MOELORA_API moelora_status moelora_model_step(moelora_model *model,
                                              int64_t max_tokens,
                                              moelora_step **step,
                                              moelora_error **error);

/* What adapters of this model are opened for; borrowed. NULL for NULL. */
MOELORA_API const moelora_adapter_target *
moelora_model_target(const moelora_model *model);

/* Layers of the model, dense ones included. -1 for NULL. */
MOELORA_API int32_t moelora_model_layers(const moelora_model *model);

/* Elements of a row of hidden states. -1 for NULL. */
MOELORA_API int64_t moelora_model_hidden(const moelora_model *model);

/* A bound layer, borrowed; NULL for dense layers, for numbers out of range, and
 * before the table is made. */
MOELORA_API const moelora_bound_layer *
moelora_model_layer(const moelora_model *model, int32_t number);

/* Bytes of workspace that are enough for a run of any layer and entry point.
 * 0 before the table is made. */
MOELORA_API uint64_t moelora_model_workspace(const moelora_model *model,
                                             int64_t tokens);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_MODEL_H */
