/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * An adapter's files, bound to a model's MoE layers.
 *
 * Every tensor is part of a pair (A, B), or belongs to another part of the
 * model, or is an error. If the files do not determine how to read them, they
 * are refused. Pairs are returned in one form, whatever the form in the file: A
 * [rank][in], B [out][rank], delta = scale * B A.
 *
 * An adapter is immutable, and any number of threads may use it at once. It
 * keeps its file open and copies the parts of the target that it needs.
 */
#ifndef MOELORA_RUNTIME_ADAPTER_H
#define MOELORA_RUNTIME_ADAPTER_H

#include "moelora/runtime/Abi.h"
#include "moelora/runtime/AdapterOptions.h"
#include "moelora/runtime/AdapterTarget.h"
#include "moelora/runtime/Checkpoint.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct moelora_adapter moelora_adapter;

/* `folder` has adapter_config.json and adapter_model.safetensors. `options` may
 * be NULL. The caller closes *adapter. */
MOELORA_API moelora_status
moelora_adapter_open(const char *folder, const moelora_adapter_target *target,
                     const moelora_adapter_options *options,
                     moelora_adapter **adapter, moelora_error **error);

/* `config` is the text of adapter_config.json; tensors are named as in a file.
 * Their data is borrowed until the adapter is closed; the rest is copied. */
MOELORA_API moelora_status moelora_adapter_open_memory(
    const char *config, const moelora_tensor_data *tensors, int64_t count,
    const moelora_adapter_target *target,
    const moelora_adapter_options *options, moelora_adapter **adapter,
    moelora_error **error);

/* Makes zeros without files: each possible pair of the target, of this rank. */
MOELORA_API moelora_status
moelora_adapter_make_dummy(const moelora_adapter_target *target, int32_t rank,
                           moelora_adapter **adapter, moelora_error **error);

/* NULL has no effect. Borrowed texts become invalid. */
MOELORA_API void moelora_adapter_close(moelora_adapter *adapter);

typedef struct moelora_pair_info {
  uint32_t size; /* sizeof; set by the caller, see Error.h */
  int32_t rank;
  int64_t in, out;
  int32_t dtype;    /* moelora_dtype of A; B may differ */
  int32_t shares_a; /* 1: gate and up stored as one, equal A, rank, scale */
  double scale;
} moelora_pair_info;

/* NOT_FOUND: the adapter has no such pair. The router, the shared expert and
 * its score have one expert, number 0. INVALID: the target has no such layer,
 * projection or expert. */
MOELORA_API moelora_status moelora_adapter_pair(const moelora_adapter *adapter,
                                                int32_t layer,
                                                int32_t projection,
                                                int32_t expert,
                                                moelora_pair_info *info);

/* Reads A as [rank][in] and B as [out][rank], in f32. In a packed file, one B
 * is spread over the whole tensor, so a call reads all of it. */
MOELORA_API moelora_status moelora_adapter_read_a(
    const moelora_adapter *adapter, int32_t layer, int32_t projection,
    int32_t expert, float *a, moelora_error **error);
MOELORA_API moelora_status moelora_adapter_read_b(
    const moelora_adapter *adapter, int32_t layer, int32_t projection,
    int32_t expert, float *b, moelora_error **error);

/* How many tensors and pairs were found, and how packed pairs were read. */
typedef struct moelora_adapter_summary {
  uint32_t size;    /* sizeof; set by the caller */
  int32_t layers;   /* MoE layers with at least one pair */
  int32_t max_rank; /* of all pairs */
  int32_t reserved;
  int64_t tensors;   /* bound + elsewhere */
  int64_t bound;     /* in pairs of this model's MoE layers */
  int64_t elsewhere; /* of attention and other parts of the model */
} moelora_adapter_summary;

MOELORA_API moelora_status moelora_adapter_summarize(
    const moelora_adapter *adapter, moelora_adapter_summary *summary);

/* The name of tensor `index` of [0, elsewhere), borrowed, or NULL. */
MOELORA_API const char *
moelora_adapter_elsewhere(const moelora_adapter *adapter, int64_t index);

/* *effect is 0 if no pair can change anything, because its scale, its A or its
 * B is zero; otherwise 1. Reads tensors until it finds another value. */
MOELORA_API moelora_status moelora_adapter_has_effect(
    const moelora_adapter *adapter, int32_t *effect, moelora_error **error);

/* The pairs that one MoE layer has. */
typedef struct moelora_adapter_coverage {
  uint32_t size;   /* sizeof; set by the caller */
  int32_t packed;  /* 1: the experts' pairs were stored packed */
  int32_t layout;  /* of packed pairs: NATURAL or TRANSPOSED; else 0 */
  int32_t columns; /* of packed pairs: moelora_adapter_columns; else 0 */
  int32_t pairs[MOELORA_PROJECTIONS]; /* experts with a pair, by projection */
  const char *why; /* how the layout was decided; "" when there is none */
} moelora_adapter_coverage;

/* NOT_FOUND: `layer` is not a MoE layer of the target. `why` is borrowed. */
MOELORA_API moelora_status
moelora_adapter_cover(const moelora_adapter *adapter, int32_t layer,
                      moelora_adapter_coverage *coverage);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_ADAPTER_H */
