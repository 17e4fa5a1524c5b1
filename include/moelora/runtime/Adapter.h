/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * An adapter's files, bound to a model's MoE layers.
 *
 * Opening proves that the adapter binds: every tensor is part of a pair (A, B),
 * or belongs to another part of the model, or is an error that names it. What
 * cannot be decided from the files is refused, never guessed. A pair then reads
 * the same however it was stored: A [rank][in], B [out][rank], scale * B A.
 *
 * An adapter is immutable; any number of threads may ask it at once. It keeps
 * its file open and copies what it needs of the target.
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

/* `folder` holds adapter_config.json and adapter_model.safetensors. `options`
 * NULL: nothing is stated. The caller closes *adapter. */
MOELORA_API moelora_status
moelora_adapter_open(const char *folder, const moelora_adapter_target *target,
                     const moelora_adapter_options *options,
                     moelora_adapter **adapter, moelora_error **error);

/* The text of adapter_config.json, and tensors named as in a file. Their data
 * is borrowed until the adapter is closed; everything else is copied. */
MOELORA_API moelora_status moelora_adapter_open_memory(
    const char *config, const moelora_tensor_data *tensors, int64_t count,
    const moelora_adapter_target *target,
    const moelora_adapter_options *options, moelora_adapter **adapter,
    moelora_error **error);

/* Zeros without files: a pair of this rank wherever the target takes one. */
MOELORA_API moelora_status
moelora_adapter_make_dummy(const moelora_adapter_target *target, int32_t rank,
                           moelora_adapter **adapter, moelora_error **error);

/* NULL is fine. Texts that were borrowed end here. */
MOELORA_API void moelora_adapter_close(moelora_adapter *adapter);

typedef struct moelora_pair_info {
  uint32_t size; /* sizeof; set by the caller, see Error.h */
  int32_t rank;
  int64_t in, out;
  int32_t dtype;    /* moelora_dtype of A; B may differ */
  int32_t shares_a; /* 1: gate and up stored as one, equal A, rank, scale */
  double scale;
} moelora_pair_info;

/* NOT_FOUND: this pair has no delta. Router, shared expert and shared score
 * have one expert, 0. INVALID: no such layer, projection or expert. */
MOELORA_API moelora_status moelora_adapter_pair(const moelora_adapter *adapter,
                                                int32_t layer,
                                                int32_t projection,
                                                int32_t expert,
                                                moelora_pair_info *info);

/* A of a pair as [rank][in], B as [out][rank], f32. B of a packed file is
 * scattered over the whole tensor, so one call passes over all of it. */
MOELORA_API moelora_status moelora_adapter_read_a(
    const moelora_adapter *adapter, int32_t layer, int32_t projection,
    int32_t expert, float *a, moelora_error **error);
MOELORA_API moelora_status moelora_adapter_read_b(
    const moelora_adapter *adapter, int32_t layer, int32_t projection,
    int32_t expert, float *b, moelora_error **error);

/* What became of the tensors. */
typedef struct moelora_adapter_summary {
  uint32_t size;    /* sizeof; set by the caller */
  int32_t layers;   /* MoE layers with at least one pair */
  int32_t max_rank; /* of all pairs */
  int32_t reserved;
  int64_t tensors;   /* bound + elsewhere */
  int64_t bound;     /* in pairs of this model's MoE layers */
  int64_t elsewhere; /* attention, other parts: not this library's business */
} moelora_adapter_summary;

MOELORA_API moelora_status moelora_adapter_summarize(
    const moelora_adapter *adapter, moelora_adapter_summary *summary);

/* Name of tensor `index` of [0, elsewhere), or NULL; borrowed. NULL of NULL. */
MOELORA_API const char *
moelora_adapter_elsewhere(const moelora_adapter *adapter, int64_t index);

/* *effect is 0 where the adapter cannot change anything, since each of its
 * pairs has the scale 0, or an A or a B of zeros alone; else 1. Reads tensors
 * until there is another value, which mostly is the first one. */
MOELORA_API moelora_status moelora_adapter_has_effect(
    const moelora_adapter *adapter, int32_t *effect, moelora_error **error);

/* What one MoE layer got. */
typedef struct moelora_adapter_coverage {
  uint32_t size;   /* sizeof; set by the caller */
  int32_t packed;  /* 1: the experts' pairs were stored packed */
  int32_t layout;  /* of packed pairs: NATURAL or TRANSPOSED; else 0 */
  int32_t columns; /* of packed pairs: moelora_adapter_columns; else 0 */
  int32_t pairs[MOELORA_PROJECTIONS]; /* experts with a pair, by projection */
  const char *why; /* how the layout was decided; "" when there is none */
} moelora_adapter_coverage;

/* NOT_FOUND when `layer` is no MoE layer of the target. `why` is borrowed. */
MOELORA_API moelora_status
moelora_adapter_cover(const moelora_adapter *adapter, int32_t layer,
                      moelora_adapter_coverage *coverage);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_ADAPTER_H */
