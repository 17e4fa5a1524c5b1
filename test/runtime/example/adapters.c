/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Two threads publish an adapter together, and resolve the ids of each other's
 * tokens. */
#include "moelora/runtime/GroupSlots.h"
#include "moelora/runtime/GroupStep.h"
#include "moelora/runtime/Model.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { RANKS = 2, SLOTS = 4, MAX = 8 };
static const moelora_transport *transports[RANKS];
static const char *folder, *layers, *files[RANKS];

static void must(moelora_status status, const moelora_error *error) {
  if (status != MOELORA_OK) {
    fprintf(stderr, "error: %s\n", moelora_error_text(error));
    exit(1);
  }
}

/* Loads an adapter on all peer ranks, or on none. Returns its id or -1. */
static int32_t load(moelora_group *group, moelora_slot_table *table,
                    moelora_adapter_target const *target, const char *file) {
  moelora_adapter *adapter = NULL;
  moelora_staged *staged = NULL;
  moelora_error *failed = NULL, *error;
  int32_t id = -1;
  /* Takes time; on each peer rank as long as it takes. */
  if (moelora_adapter_open(file, target, NULL, &adapter, &failed) == MOELORA_OK)
    moelora_slot_table_stage(table, "alice", -1, adapter, NULL, &staged,
                             &failed);
  moelora_adapter_close(adapter);
  /* Between the same two steps. */
  if (moelora_group_publish(group, table, staged, failed, NULL, &id, &error)) {
    printf("not published: %s\n", moelora_error_text(error));
    moelora_staged_abandon(staged);
    moelora_error_free(error);
  }
  moelora_error_free(failed);
  return id;
}

/* A step in which each peer rank has one token, of this id. */
static void resolve(moelora_group *group, moelora_slot_table *table,
                    int32_t id) {
  moelora_error *error;
  moelora_step *step;
  must(moelora_step_create(table, NULL, MAX, &step, &error), error);
  must(moelora_step_join(step, group, MOELORA_AXIS_DP, &error), error);
  must(moelora_group_share_tokens(group, 1, &error), error);
  must(moelora_step_enter(step, NULL, &error), error);
  must(moelora_step_resolve(step, NULL, &id, 1, NULL, &error), error);
  const int32_t *slots = moelora_step_peer_numbers(step);
  printf("id %d: slots %d %d\n", id, slots[0], slots[1]);
  must(moelora_step_leave(step, NULL, &error), error);
  must(moelora_step_destroy(step, &error), error);
}

static void *run(void *argument) {
  int rank = *(int *)argument;
  moelora_error *error;
  moelora_group *group;
  moelora_model *model;
  moelora_slot_table *table;
  moelora_group_options options = {sizeof options, 0, RANKS, 1, 1, 0};
  moelora_model_options o = {sizeof o, MOELORA_WEIGHTS_RANDOM};
  o.folder = folder, o.layers = layers;
  must(moelora_model_open(&o, &model, &error), error);
  must(moelora_model_table(model, SLOTS, &table, &error), error);
  must(moelora_group_create(transports[rank], &options, &group, &error), error);
  int32_t id = load(group, table, moelora_model_target(model), files[rank]);
  resolve(group, table, id);
  if (id >= 0)
    must(moelora_group_evict(group, table, id, NULL, &error), error);
  must(moelora_group_destroy(group, &error), error);
  must(moelora_model_close(model, &error), error);
  return NULL;
}

int main(int count, char **name) {
  moelora_error *error;
  pthread_t threads[RANKS];
  int ranks[RANKS];
  if (count != 5)
    return fprintf(stderr, "usage: adapters MODEL LAYERS FILE FILE\n"), 2;
  folder = name[1], layers = name[2], files[0] = name[3], files[1] = name[4];
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
