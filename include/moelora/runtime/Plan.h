/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The plan of a batch: the order in which the rows of a layer are computed.
 */
#ifndef MOELORA_RUNTIME_PLAN_H
#define MOELORA_RUNTIME_PLAN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct moelora_tile { /* rows of one expert, at most tile_rows */
  int32_t expert, begin, rows, reserved;
} moelora_tile;

/* Rows of one (expert, slot >= 0) inside one row group. A tile of n rows has
 * ceil(n / group_rows) row groups, whose sizes differ by at most one, the
 * larger first. */
typedef struct moelora_segment {
  int32_t expert, slot, begin, rows;
  int32_t group_begin, group_rows;
} moelora_segment;

/* The T * k pairs in the order of their expert and then their slot (a stable
 * sort), without dropped pairs. The caller provides the arrays. Their
 * capacities are, with P = T * k: rows P; tiles P; segments P; scratch P +
 * experts + slots + 2. */
typedef struct moelora_plan {
  int32_t rows, tiles, segments, reserved;
  int32_t *row_token; /* pair / k */
  int32_t *row_pair;
  int32_t *row_slot; /* dense slot or -1 */
  moelora_tile *tile;
  moelora_segment *segment;
  int32_t *scratch;
} moelora_plan;

typedef struct moelora_plan_shape {
  int64_t tokens;
  int32_t top_k, experts, slots;
  int32_t tile_rows, group_rows;
  int32_t zero_experts; /* ids from `experts` on that are no error */
  int32_t valid_tokens; /* tokens from this one on have no pairs */
  int32_t reserved;
} moelora_plan_shape;

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_PLAN_H */
