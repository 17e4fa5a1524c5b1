/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Exchanges of rows between the peer ranks of a group: what generated code
 * passes to the service `collective`, and an engine to moelora_group_run.
 *
 * The peer ranks of a group form a grid with the axes dp, ep and tp. Each holds
 * some tokens of the step, and knows the number of tokens of all others. An
 * exchange is made by the peer ranks that differ only in the axes `over`; each
 * of them makes the same exchanges in the same order, also without tokens.
 *
 * A layer may compute its tokens in chunks. A chunk has the rows
 * [first_row, first_row + max_rows) of each peer rank, as far as it has them.
 */
#ifndef MOELORA_RUNTIME_EXCHANGE_H
#define MOELORA_RUNTIME_EXCHANGE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct moelora_group moelora_group; /* Group.h */

#define MOELORA_AXES 3

/* Bits of a set of axes. Their numbers 0, 1, 2 are indices of arrays. */
typedef enum moelora_axis {
  MOELORA_AXIS_DP = 1, /* cuts the tokens */
  MOELORA_AXIS_EP = 2, /* cuts the experts */
  MOELORA_AXIS_TP = 4, /* cuts the intermediate sizes */
} moelora_axis;

/* What generated code reads of a group. It is valid as long as the group. */
typedef struct moelora_group_view {
  int32_t sizes[MOELORA_AXES], coordinates[MOELORA_AXES];
  const int64_t *tokens; /* of this step, by peer rank, which is
                            (dp * sizes[1] + ep) * sizes[2] + tp */
  moelora_group *group;
} moelora_group_view;

typedef enum moelora_exchange_kind {
  /* out = the rows of `in` of all peer ranks of `over`, in ascending order of
   * the peer ranks. All operands travel in one message. `out` does not overlap
   * `in`. Without operands nothing is sent. */
  MOELORA_EXCHANGE_ALL_GATHER = 1,
  /* Adds f32 rows of the peer ranks of `over`, of one operand, in ascending
   * order of the peer ranks.
   *
   * `in` has the rows of all coordinates of the axes `keep`, in ascending
   * order, as an all-gather over `keep` produces them. Without `keep`, it has
   * the rows of this peer rank, of which all of `over` have equally many. `out`
   * has the sums of the rows of this peer rank, and may be `in`. The content of
   * `in` is undefined afterwards.
   *
   * `plus`, if not NULL, is f32 too and has the rows of this peer rank. It is
   * added to those rows of `in` before the sum. */
  MOELORA_EXCHANGE_REDUCE = 2,
  /* 3 and 4 are reserved for rows that are sent to the peer ranks of their
   * experts, and returned. */
} moelora_exchange_kind;

/* Row-major rows in memory of the host. */
typedef struct moelora_exchange_operand {
  void *in, *out;
  uint64_t row_bytes;
  uint64_t pitch; /* bytes from one row of `in` to the next; 0: row_bytes. A
                     reduction has no other. */
} moelora_exchange_operand;

/* Rows of a chunk, in the order of an all-gather. */
typedef struct moelora_exchange_rows {
  int64_t all; /* of all peer ranks */
  int64_t own; /* of this one */
  int64_t own_begin;
} moelora_exchange_rows;

typedef struct moelora_exchange {
  uint32_t size;
  int32_t kind;        /* moelora_exchange_kind */
  uint32_t over, keep; /* bits of moelora_axis; keep is a subset of over, and 0
                          unless the kind is REDUCE */
  int64_t first_row, max_rows; /* the chunk; max_rows 0: all rows from
                                  first_row on */
  const moelora_group_view *group;
  const moelora_exchange_operand *operand;
  uint32_t operands, reserved;
  const float *plus;           /* REDUCE: or NULL */
  moelora_exchange_rows *rows; /* result, or NULL: the rows of the chunk over
                                  `over`, of REDUCE over `keep` */
} moelora_exchange;

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_EXCHANGE_H */
