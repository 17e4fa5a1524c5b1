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

/* Everything to which it points must outlive the model, except the texts. */
typedef struct moelora_model_options {
  uint32_t size;
  int32_t weights;    /* moelora_model_weights */
  const char *folder; /* of the model: config.json, and weights to be read */
  const char *layers; /* what moelora-compile --all-layers wrote, or a single
                         artifact that serves all layers */
  const char *target; /* the variant; NULL: the first that the device takes */
  const moelora_device *device;     /* NULL: the cpu */
  const moelora_services *services; /* NULL: one thread */
  moelora_group *group;             /* Group.h; NULL for whole layers */
} moelora_model_options;

/* Reads the configuration, loads and checks the artifacts, makes programs of
 * them, and reads the weights once, directly into device memory if the host can
 * access it. With a group, only the part of this peer rank is read, and so for
 * adapters; of experts, block i of ceil(experts / ep) for the ep coordinate i.
 * An artifact for another layer is refused. The caller closes *model. */
MOELORA_API moelora_status
moelora_model_open(const moelora_model_options *options, moelora_model **model,
                   moelora_error **error);

/* Unbinds the layers and destroys the table. BUSY: steps of the table exist;
 * the model is not changed. NULL has no effect. */
MOELORA_API moelora_status moelora_model_close(moelora_model *model,
                                               moelora_error **error);

/* Provides a weight that the engine has in memory. The struct `weight` is
 * copied, but the memory of the tensor is used in place and must outlive the
 * model. It replaces a weight that was read or given before. INVALID: the
 * layers are bound already. The tensor is checked when the layers are bound. */
MOELORA_API moelora_status moelora_model_give(moelora_model *model,
                                              int32_t layer,
                                              const moelora_memory *weight,
                                              moelora_error **error);

/* Binds all MoE layers to a new slot table, which is borrowed from the model.
 * If `slots` is 0, the table has as many slots as the artifacts support. If
 * `table` is NULL, the layers have no adapters. May be called once. */
MOELORA_API moelora_status moelora_model_table(moelora_model *model,
                                               int32_t slots,
                                               moelora_slot_table **table,
                                               moelora_error **error);

/* Creates a step of the model's table for batches of at most this number of
 * tokens. The caller destroys it before the model is closed. */
MOELORA_API moelora_status moelora_model_step(moelora_model *model,
                                              int64_t max_tokens,
                                              moelora_step **step,
                                              moelora_error **error);

/* The target for opening adapters of this model, borrowed. NULL for NULL. */
MOELORA_API const moelora_adapter_target *
moelora_model_target(const moelora_model *model);

/* The number of layers, including dense ones. -1 for NULL. */
MOELORA_API int32_t moelora_model_layers(const moelora_model *model);

/* The number of elements in a row of hidden states. -1 for NULL. */
MOELORA_API int64_t moelora_model_hidden(const moelora_model *model);

/* A bound layer, borrowed. NULL for dense layers, for numbers out of range, and
 * before moelora_model_table was called. */
MOELORA_API const moelora_bound_layer *
moelora_model_layer(const moelora_model *model, int32_t number);

/* The size in bytes of a workspace that is enough for a run of any layer and
 * entry point. 0 before moelora_model_table was called. */
MOELORA_API uint64_t moelora_model_workspace(const moelora_model *model,
                                             int64_t tokens);

/* Bytes of weights in memory of the model, and what was read of tensors. */
typedef struct moelora_model_stats {
  uint32_t size, reserved;
  uint64_t weight_bytes, read_bytes;
} moelora_model_stats;
MOELORA_API moelora_status moelora_model_read_stats(const moelora_model *model,
                                                    moelora_model_stats *stats,
                                                    moelora_error **error);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_MODEL_H */
