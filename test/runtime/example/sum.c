/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Two threads add their rows. */
#include "moelora/runtime/Group.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { RANKS = 2, T = 3, H = 4 };
static const moelora_transport *transports[RANKS];

static void must(moelora_status status, const moelora_error *error) {
  if (status != MOELORA_OK) {
    fprintf(stderr, "error: %s\n", moelora_error_text(error));
    exit(1);
  }
}

static void add_rows(int rank, float *x, float *y) {
  moelora_error *error;
  moelora_group *group;
  moelora_group_options options = {sizeof options, 0, 1, 1, RANKS, 0};
  must(moelora_group_create(transports[rank], &options, &group, &error), error);
  must(moelora_group_reserve(group, T, H * sizeof(float), &error), error);

  /* Once per step. */
  must(moelora_group_share_tokens(group, T, &error), error);

  /* y = the sum of the rows x [T, H] of all peer ranks over tp */
  moelora_exchange_operand rows = {x, y, H * sizeof(float), 0};
  moelora_exchange sum = {sizeof sum, MOELORA_EXCHANGE_REDUCE};
  sum.over = MOELORA_AXIS_TP;
  sum.group = moelora_group_view_of(group);
  sum.operand = &rows;
  sum.operands = 1;
  must(moelora_group_run(group, &sum, &error), error);

  must(moelora_group_destroy(group, &error), error);
}

static void *run(void *argument) {
  int rank = *(int *)argument;
  float x[T * H], y[T * H];
  for (int i = 0; i < T * H; ++i)
    x[i] = (float)(i + 100 * rank);
  add_rows(rank, x, y);
  printf("peer rank %d: %g .. %g\n", rank, y[0], y[T * H - 1]);
  return NULL;
}

int main(void) {
  moelora_error *error;
  pthread_t threads[RANKS];
  int ranks[RANKS];
  must(moelora_loopback_open(RANKS, transports, &error), error);
  for (int rank = 0; rank < RANKS; ++rank) {
    ranks[rank] = rank;
    if (pthread_create(&threads[rank], NULL, run, &ranks[rank]))
      return 1;
  }
  for (int rank = 0; rank < RANKS; ++rank)
    pthread_join(threads[rank], NULL);
  for (int rank = 0; rank < RANKS; ++rank)
    moelora_transport_close(transports[rank]);
  return 0;
}
