/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * One step over all layers of a model: every other token has an adapter. */
#include "moelora/runtime/Model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKENS = 8, SLOTS = 4 };
static moelora_error *error;

static void must(moelora_status status) {
  if (status != MOELORA_OK) {
    fprintf(stderr, "error: %s\n", moelora_error_text(error));
    exit(1);
  }
}

int main(int count, char **name) {
  moelora_model_options o = {sizeof o, MOELORA_WEIGHTS_RANDOM};
  moelora_model *model;
  moelora_slot_table *table;
  moelora_step *step;
  moelora_adapter *adapter;
  moelora_lease lease;
  int32_t id, ids[TOKENS], equal = 0, differ = 0;
  if (count != 4)
    return fprintf(stderr, "usage: model MODEL LAYERS ADAPTER\n"), 2;
  o.folder = name[1], o.layers = name[2];
  must(moelora_model_open(&o, &model, &error));
  must(moelora_model_table(model, SLOTS, &table, &error));
  must(moelora_model_step(model, TOKENS, &step, &error));
  must(moelora_adapter_open(name[3], moelora_model_target(model), NULL,
                            &adapter, &error));
  must(moelora_slot_table_assign(table, "alice", adapter, NULL, &id, &error));
  moelora_adapter_close(adapter);
  size_t row = 2 * (size_t)moelora_model_hidden(model); /* bytes, of bfloat16 */
  moelora_run run = {sizeof run, MOELORA_ENTRY_ALL};
  run.tokens = TOKENS, run.step = step;
  run.workspace_bytes = moelora_model_workspace(model, TOKENS);
  run.workspace = aligned_alloc(256, (run.workspace_bytes + 255) / 256 * 256);
  char *x = malloc(TOKENS * row), *y = malloc(TOKENS * row);
  for (size_t i = 0; i < TOKENS * row; i += 2) /* every row the same: +-1 */
    x[i] = 0, x[i + 1] = (char)(i % row * 7 % 5 < 2 ? 0x3f : 0xbf);
  must(moelora_slot_table_acquire(table, "alice", &lease, &error));
  for (int t = 0; t < TOKENS; ++t)
    ids[t] = t % 2 ? lease.id : -1;
  must(moelora_step_enter(step, NULL, &error));
  must(moelora_step_resolve(step, NULL, ids, TOKENS, NULL, &error));
  run.hidden = x, run.output = y; /* an engine has its attention in between */
  for (int32_t n = 0; n < moelora_model_layers(model); ++n) {
    must(moelora_layer_run(moelora_model_layer(model, n), &run, &error));
    equal += !memcmp(y, y + 2 * row, row), differ += !!memcmp(y, y + row, row);
  }
  must(moelora_step_leave(step, NULL, &error));
  must(moelora_slot_table_release(table, &lease, &error));
  printf("layers in which base rows are equal: %d, adapted ones differ: %d\n",
         equal, differ);
  must(moelora_step_destroy(step, &error));
  must(moelora_model_close(model, &error));
  return 0;
}
